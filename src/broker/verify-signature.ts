import { verify } from 'node:crypto';
import { promisify } from 'node:util';
import { InvalidValueError } from '../base/invalid-value.js';
import { SshReader, sshString } from './ssh-wire.js';
import type { UserKey } from './user-keys.js';

const userauthRequest = 50;
const hashOf: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
};

const verifyAsync = promisify(verify);

/** What a login signature must cover. All of it is the broker's own knowledge or the request that it judges. */
export interface SignedLogin {
  readonly sessionId: Buffer;
  readonly user: string;
  readonly service: string;
  readonly algorithm: string;
  readonly key: UserKey;
}

/** The blob that a client signs (RFC 4252 section 7). */
export function buildSignedBlob({ sessionId, user, service, algorithm, key }: SignedLogin): Buffer {
  return Buffer.concat([
    sshString(sessionId),
    Buffer.of(userauthRequest),
    sshString(user),
    sshString(service),
    sshString('publickey'),
    Buffer.of(1),
    sshString(algorithm),
    sshString(key.blob),
  ]);
}

/** True when `signature` (string algorithm, string raw) is this key's over this login. Malformed ones are false. */
export async function verifyLogin(login: SignedLogin, signature: Buffer): Promise<boolean> {
  const hash = hashOf[login.algorithm];
  if (hash === undefined || !login.key.algorithms.includes(login.algorithm)) return false;
  const raw = readSignature(login, signature);
  if (raw === null) return false;
  const { key, kind } = login.key;
  return await verifyAsync(
    hash,
    buildSignedBlob(login),
    kind === 'ecdsa' ? { key, dsaEncoding: 'ieee-p1363' } : key,
    raw,
  );
}

function readSignature({ algorithm, key }: SignedLogin, signature: Buffer): Buffer | null {
  try {
    const reader = new SshReader(signature);
    if (reader.name() !== algorithm) return null;
    const raw = reader.string();
    reader.end();
    if (key.kind === 'ed25519') return raw.length === 64 ? raw : null;
    return key.kind === 'rsa' ? padded(raw, key.size) : readEcdsa(raw, key.size);
  } catch (error) {
    if (error instanceof InvalidValueError) return null; // expected: not a signature
    throw error;
  }
}

function readEcdsa(raw: Buffer, octets: number): Buffer | null {
  const reader = new SshReader(raw);
  const [r, s] = [padded(reader.positiveMpint(), octets), padded(reader.positiveMpint(), octets)];
  reader.end();
  return r === null || s === null ? null : Buffer.concat([r, s]);
}

/** Some clients drop leading zeros. */
function padded(value: Buffer, octets: number): Buffer | null {
  return value.length > octets ? null : Buffer.concat([Buffer.alloc(octets - value.length), value]);
}
