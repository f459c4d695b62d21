import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mpint, text } from './wire.js';

/** An RSA key as the wire knows it. */
export interface RsaKey {
  readonly blob: Buffer;
  /** A line for an authorized keys file. */
  readonly line: string;
  sign(hash: 'sha1' | 'sha256' | 'sha512', data: Buffer): Buffer;
}

export function rsaBlob(exponent: Buffer, modulus: Buffer): Buffer {
  return Buffer.concat([text('ssh-rsa'), mpint(exponent), mpint(modulus)]);
}

export function makeRsaKey(bits: number): RsaKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const blob = blobOf(publicKey);
  return {
    blob,
    line: `ssh-rsa ${blob.toString('base64')} rsa-${bits}`,
    sign: (hash, data) => sign(hash, data, privateKey),
  };
}

function blobOf(key: KeyObject): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  return rsaBlob(Buffer.from(e, 'base64url'), Buffer.from(n, 'base64url'));
}
