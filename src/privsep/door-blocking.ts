import { JaildError } from '../errors/jaild-error.js';
import type { DoorClient } from './door-client.js';
import type { Question } from './request-table.js';

/** How long a key exchange may wait for the broker. */
const signDeadlineMs = 5_000;

/** What the broker made of the parts of an exchange: H, the signature blob for the reply, the cookie for the next KEXINIT. */
export interface SignedExchange {
  readonly hash: Buffer;
  readonly signature: Buffer;
  readonly nextCookie: Buffer;
}

/**
 * Host key signature, asked for synchronously: ssh2's sign hook cannot wait.
 * Throws JaildError when the broker refuses the parts or is not there; the connection has to end then.
 */
export function signExchangeBlocking(door: DoorClient, parts: Question<'sign-exchange'>): SignedExchange {
  const { answer, fds } = door.askBlocking('sign-exchange', parts, signDeadlineMs);
  if (fds.length > 0) {
    throw new JaildError('door-malformed', 'a signature came with descriptors');
  }
  return {
    hash: Buffer.from(answer.hash, 'base64'),
    signature: Buffer.from(answer.signature, 'base64'),
    nextCookie: Buffer.from(answer.nextCookie, 'base64'),
  };
}
