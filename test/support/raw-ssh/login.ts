import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RawConnection, type RawOptions } from './connection.js';
import { exchangeKeys } from './key-exchange.js';
import { bool, byte, message, payload, Reader, text } from './wire.js';

/** An Ed25519 key pair as a client uses it. */
export interface ClientKey {
  readonly blob: Buffer;
  readonly secret: KeyObject;
}

/** Reads an unencrypted Ed25519 key file in OpenSSH's format (PROTOCOL.key). */
export function readClientKey(file: string): ClientKey {
  const body = readFileSync(file, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const reader = new Reader(Buffer.from(body, 'base64'), 'openssh-key-v1\0'.length);
  reader.text(); // cipher
  reader.text(); // key derivation
  reader.bytes(); // its options
  reader.uint32(); // number of keys
  const blob = reader.bytes();
  const inner = new Reader(reader.bytes(), 8);
  inner.text(); // type
  const x = inner.bytes();
  const d = inner.bytes().subarray(0, 32);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url'), d: d.toString('base64url') };
  return { blob, secret: createPrivateKey({ key: jwk, format: 'jwk' }) };
}

export async function requestUserauth(connection: RawConnection): Promise<void> {
  connection.send(payload(message.serviceRequest, text('ssh-userauth')));
  await connection.receiveOf([message.serviceAccept]);
}

/** The fields of a publickey request up to the blob; what is signed begins with them. */
export function publickeyFields(user: string | Buffer, blob: Buffer, hasSignature: boolean, algorithm: string): Buffer {
  return Buffer.concat([
    byte(message.userauthRequest),
    text(user),
    text('ssh-connection'),
    text('publickey'),
    bool(hasSignature),
    text(algorithm),
    text(blob),
  ]);
}

/** A question whether a key would do, without signature. */
export function publickeyProbe(user: string | Buffer, blob: Buffer, algorithm = 'ssh-ed25519'): Buffer {
  return publickeyFields(user, blob, false, algorithm);
}

/** A signed publickey request. `signedFor` and `sessionId` allow signatures that belong elsewhere. */
export function publickeyRequest(
  connection: RawConnection,
  user: string,
  key: ClientKey,
  wrong: { signedFor?: string; sessionId?: Buffer; algorithm?: string; signature?: Buffer } = {},
): Buffer {
  const algorithm = wrong.algorithm ?? 'ssh-ed25519';
  const sessionId = wrong.sessionId ?? connection.sessionId ?? Buffer.alloc(0);
  const signed = Buffer.concat([text(sessionId), publickeyFields(wrong.signedFor ?? user, key.blob, true, algorithm)]);
  const signature = wrong.signature ?? sign(null, signed, key.secret);
  return Buffer.concat([
    publickeyFields(user, key.blob, true, algorithm),
    text(Buffer.concat([text(algorithm), text(signature)])),
  ]);
}

export function passwordRequest(user: string | Buffer, password: string | Buffer): Buffer {
  return payload(
    message.userauthRequest,
    text(user),
    text('ssh-connection'),
    text('password'),
    bool(false),
    text(password),
  );
}

/** The answer to a userauth request: 'success', 'failure', 'pk-ok', or 'closed' when the server hung up. */
export async function userauthAnswer(
  connection: RawConnection,
  deadlineMs = 15_000,
): Promise<'success' | 'failure' | 'pk-ok' | 'closed'> {
  const kinds = [message.userauthSuccess, message.userauthFailure, message.userauthPkOk, message.disconnect];
  try {
    const answer = await connection.receiveOf(kinds, deadlineMs);
    if (answer[0] === message.userauthSuccess) {
      return 'success';
    }
    return answer[0] === message.userauthFailure ? 'failure' : answer[0] === message.userauthPkOk ? 'pk-ok' : 'closed';
  } catch {
    return 'closed'; // expected: the server closed without a word
  }
}

/** A connection up to the point where userauth requests may be sent. */
export async function openToUserauth(options: RawOptions): Promise<RawConnection> {
  const connection = await RawConnection.open(options);
  await exchangeKeys(connection);
  await requestUserauth(connection);
  return connection;
}

/** A connection that has logged in. */
export async function openLoggedIn(options: RawOptions, user: string, key: ClientKey): Promise<RawConnection> {
  const connection = await openToUserauth(options);
  connection.send(publickeyRequest(connection, user, key));
  const answer = await userauthAnswer(connection);
  if (answer !== 'success') {
    throw new Error(`login of ${user}: ${answer}`);
  }
  return connection;
}
