import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAbsent } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { createFileAtomically } from '../store/atomic-file.js';
import { withLock } from '../store/lock.js';
import { sshMpint, sshString } from './ssh-wire.js';

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** A host key. The private half never leaves this object, and this object never leaves the broker. */
export interface HostKey {
  readonly type: HostKeyType;
  /** The public key as it is sent (RFC 4253 section 6.6). */
  readonly blob: Buffer;
  readonly algorithms: readonly string[];
  /** The signature blob for the reply: string algorithm, string signature. */
  sign(algorithm: string, data: Buffer): Promise<Buffer>;
}

const rsaBits = 3072;
const ecdsaCurve = 'P-256';
const hashOfAlgorithm: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'rsa-sha2-256': 'sha256',
};
const algorithmsOf: Readonly<Record<HostKeyType, readonly string[]>> = {
  ed25519: ['ssh-ed25519'],
  ecdsa: ['ecdsa-sha2-nistp256'],
  rsa: ['rsa-sha2-512', 'rsa-sha2-256'],
};

const signAsync = promisify(sign);
const generate = promisify(generateKeyPair);

/**
 * Loads the host keys; those that are missing are made, once: of two servers that start together one makes a key and both use it.
 * Faults: `host-key-unsafe` (somebody else can read or change the file, or it holds no such key), `store-unwritable`.
 */
export async function loadHostKeys(keysDir: string, types: readonly HostKeyType[]): Promise<HostKey[]> {
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  return await withLock(
    join(keysDir, '.lock'),
    async () => {
      const keys: HostKey[] = [];
      for (const type of types) keys.push(toHostKey(type, await loadOrMake(hostKeyFile(keysDir, type), type)));
      return keys;
    },
    60_000,
  );
}

export function hostKeyFile(keysDir: string, type: HostKeyType): string {
  return join(keysDir, `ssh_host_${type}_key.pem`);
}

/** `SHA256:...` as ssh-keygen -l prints it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

async function loadOrMake(file: string, type: HostKeyType): Promise<KeyObject> {
  try {
    return readKey(file, type);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  const made = await makeKey(type);
  try {
    await createFileAtomically(file, made.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    return made;
  } catch (error) {
    if (!isJaildError(error, 'record-exists')) throw error; // another server was first: its key counts
  }
  return readKey(file, type);
}

async function makeKey(type: HostKeyType): Promise<KeyObject> {
  if (type === 'ed25519') return (await generate('ed25519')).privateKey;
  if (type === 'ecdsa') return (await generate('ec', { namedCurve: ecdsaCurve })).privateKey;
  return (await generate('rsa', { modulusLength: rsaBits })).privateKey;
}

function readKey(file: string, type: HostKeyType): KeyObject {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.uid !== process.geteuid?.() || (stats.mode & 0o077) !== 0) {
      throw new JaildError(
        'host-key-unsafe',
        `${file} must be a file of root's that nobody else can read (chmod 600)`,
        { fields: { file } },
      );
    }
    return parseKey(readFileSync(fd, 'utf8'), file, type);
  } finally {
    closeSync(fd);
  }
}

function parseKey(text: string, file: string, type: HostKeyType): KeyObject {
  const wanted = { ed25519: 'ed25519', ecdsa: 'ec', rsa: 'rsa' }[type];
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === wanted) return key;
  } catch (cause) {
    // Expected: a damaged file. It is never replaced: clients have learnt this key.
    throw new JaildError(
      'host-key-unsafe',
      `${file} is damaged; put it back from a backup, or remove it to get a new key`,
      { fields: { file }, cause },
    );
  }
  throw new JaildError('host-key-unsafe', `${file} holds no ${type} key`, { fields: { file } });
}

function toHostKey(type: HostKeyType, privateKey: KeyObject): HostKey {
  const algorithms = algorithmsOf[type];
  return {
    type,
    blob: toBlob(type, createPublicKey(privateKey)),
    algorithms,
    async sign(algorithm, data) {
      const hash = hashOfAlgorithm[algorithm];
      if (hash === undefined || !algorithms.includes(algorithm))
        throw new JaildError('door-refused', `a ${type} key does not sign with this algorithm`);
      const raw = await signAsync(
        hash,
        data,
        type === 'ecdsa' ? { key: privateKey, dsaEncoding: 'ieee-p1363' } : privateKey,
      );
      return Buffer.concat([sshString(algorithm), sshString(type === 'ecdsa' ? toEcdsaSignature(raw) : raw)]);
    },
  };
}

function toEcdsaSignature(raw: Buffer): Buffer {
  const half = raw.length / 2;
  return Buffer.concat([sshMpint(raw.subarray(0, half)), sshMpint(raw.subarray(half))]);
}

function toBlob(type: HostKeyType, publicKey: KeyObject): Buffer {
  const jwk = publicKey.export({ format: 'jwk' });
  const part = (value: string | undefined): Buffer => Buffer.from(value ?? '', 'base64url');
  if (type === 'ed25519') return Buffer.concat([sshString('ssh-ed25519'), sshString(part(jwk.x))]);
  if (type === 'rsa') return Buffer.concat([sshString('ssh-rsa'), sshMpint(part(jwk.e)), sshMpint(part(jwk.n))]);
  const point = Buffer.concat([Buffer.of(4), part(jwk.x), part(jwk.y)]);
  return Buffer.concat([sshString('ecdsa-sha2-nistp256'), sshString('nistp256'), sshString(point)]);
}
