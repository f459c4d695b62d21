import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { InvalidValueError } from '../base/invalid-value.js';
import { fingerprintOf } from './host-keys.js';
import { SshReader } from './ssh-wire.js';

/** A user's public key, checked and small enough to calculate with. */
export interface UserKey {
  readonly kind: 'ed25519' | 'ecdsa' | 'rsa';
  readonly blob: Buffer;
  readonly key: KeyObject;
  /** Signature algorithms that this key may be used with; SHA-1 is none of them. */
  readonly algorithms: readonly string[];
  readonly fingerprint: string;
  /** Octets of the modulus (RSA) or of one coordinate (ECDSA). */
  readonly size: number;
}

const maxRsaBits = 8192;
const maxExponentOctets = 8;
const curves: Readonly<Record<string, { readonly name: string; readonly crv: string; readonly octets: number }>> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', crv: 'P-256', octets: 32 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', crv: 'P-384', octets: 48 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', crv: 'P-521', octets: 66 },
};

/**
 * Reads a public key blob (RFC 4253 section 6.6, RFC 5656, RFC 8709) from a client or an account. Sizes are judged before any maths
 * (CVE-class: a 16 K-bit modulus, a huge exponent). Throws InvalidValueError with the reason in words.
 */
export function parseUserKey(blob: Buffer, minRsaBits: number): UserKey {
  const reader = new SshReader(blob);
  const type = reader.name();
  if (type === 'ssh-ed25519') return readEd25519(blob, reader);
  if (type === 'ssh-rsa') return readRsa(blob, reader, minRsaBits);
  const curve = Object.hasOwn(curves, type) ? curves[type] : undefined;
  if (curve !== undefined) return readEcdsa(blob, reader, type, curve);
  throw new InvalidValueError('keys of this type are not accepted');
}

function readEd25519(blob: Buffer, reader: SshReader): UserKey {
  const point = reader.string();
  reader.end();
  if (point.length !== 32) throw new InvalidValueError('an Ed25519 key has 32 octets');
  return toUserKey(
    'ed25519',
    blob,
    { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') },
    ['ssh-ed25519'],
    32,
  );
}

function readEcdsa(
  blob: Buffer,
  reader: SshReader,
  type: string,
  curve: { name: string; crv: string; octets: number },
): UserKey {
  const name = reader.name();
  const point = reader.string();
  reader.end();
  if (name !== curve.name) throw new InvalidValueError('the curve of the key is not the one of its type');
  if (point.length !== 1 + 2 * curve.octets || point[0] !== 4)
    throw new InvalidValueError('the point of the key has the wrong form');
  const x = point.subarray(1, 1 + curve.octets).toString('base64url');
  const y = point.subarray(1 + curve.octets).toString('base64url');
  return toUserKey('ecdsa', blob, { kty: 'EC', crv: curve.crv, x, y }, [type], curve.octets);
}

function readRsa(blob: Buffer, reader: SshReader, minRsaBits: number): UserKey {
  const exponent = reader.positiveMpint();
  const modulus = reader.positiveMpint();
  reader.end();
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < minRsaBits)
    throw new InvalidValueError(`an RSA key of ${bits} bits is too short; at least ${minRsaBits} are needed`);
  if (bits > maxRsaBits)
    throw new InvalidValueError(`an RSA key of ${bits} bits is too long; at most ${maxRsaBits} are accepted`);
  const isOne = exponent.length === 1 && exponent[0] === 1;
  const isOdd = ((exponent.at(-1) ?? 0) & 1) === 1;
  if (exponent.length > maxExponentOctets || !isOdd || isOne || ((modulus.at(-1) ?? 0) & 1) === 0) {
    throw new InvalidValueError('the numbers of the RSA key cannot be right');
  }
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
  return toUserKey('rsa', blob, jwk, ['rsa-sha2-512', 'rsa-sha2-256'], modulus.length);
}

function toUserKey(
  kind: UserKey['kind'],
  blob: Buffer,
  jwk: JsonWebKey,
  algorithms: readonly string[],
  size: number,
): UserKey {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return { kind, blob, key, algorithms, fingerprint: fingerprintOf(blob), size };
  } catch (cause) {
    throw new InvalidValueError('the key is not valid', { cause }); // expected: a point that is not on the curve
  }
}
