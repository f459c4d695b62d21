import type { ConnectionDoor } from './connection-door.js';
import type { MethodRequest, MethodVerdict } from './login.js';
import { message } from './ssh2/messages.js';
import { buildPayload } from './ssh2/wire.js';

/** Larger ones are no keys that anybody accepts; they are refused before anything is looked up. */
const maxBlobBytes = 16 * 1024;
const maxAlgorithmBytes = 128;

/**
 * Public key (RFC 4252 section 7). Without a signature it is only a question, which is answered with the very algorithm and blob that were
 * asked about; the login is what the broker makes of the signature, over a blob that it builds itself.
 */
export async function checkPublicKey(door: ConnectionDoor, { user, reader }: MethodRequest): Promise<MethodVerdict> {
  const hasSignature = reader.boolean();
  const algorithm = reader.string();
  const blob = reader.string();
  const signature = hasSignature ? reader.string() : null;
  if (algorithm.length > maxAlgorithmBytes || blob.length > maxBlobBytes || (signature?.length ?? 0) > maxBlobBytes)
    return { outcome: 'oversized' };
  const asked = buildPayload(message.userauthPublicKeyOk, algorithm, blob);
  const { answer } = await door.ask('check-publickey', {
    user,
    service: 'ssh-connection',
    algorithm: algorithm.toString('latin1'),
    blob: blob.toString('base64'),
    ...(signature !== null && { signature: signature.toString('base64') }),
  });
  if (answer.outcome === 'known' && !hasSignature) return { outcome: 'prove', payload: asked };
  if (answer.outcome === 'accepted' && !hasSignature)
    throw new Error('a question about a key was answered with a login');
  return answer;
}
