import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { Question } from '../../../src/privsep/request-table.js';
import { buildPayload, WireReader } from '../../../src/worker/ssh2/wire.js';

const pair = generateKeyPairSync('ed25519');
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Public blob of the host key that this process made for itself. */
export const hostKeyBlob = strings(
  'ssh-ed25519',
  Buffer.from(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
);

/** How clients show that key. */
export function hostKeyFingerprint(): string {
  return `SHA256:${createHash('sha256').update(hostKeyBlob).digest('base64').replace(/=+$/, '')}`;
}

/** What the broker makes of the parts of an exchange: hash and signature blob. */
export function signExchange(parts: Question<'sign-exchange'>): { hash: Buffer; signature: Buffer } {
  const values = [parts.clientIdent, parts.serverIdent, parts.clientKexInit, parts.serverKexInit].map(toBytes);
  const shares = [parts.clientShare, parts.serverShare, parts.secret].map(toBytes);
  const hash = createHash(parts.hash)
    .update(strings(...values, hostKeyBlob, ...shares))
    .digest();
  return { hash, signature: strings('ssh-ed25519', sign(null, hash, pair.privateKey)) };
}

/** Verifies an Ed25519 login signature over the blob of RFC 4252 section 7. */
export function verifyLogin(sessionId: Buffer, question: Question<'check-publickey'>): boolean {
  const blob = toBytes(question.blob);
  const signed = Buffer.concat([
    strings(sessionId),
    Buffer.of(50),
    strings(question.user, question.service, 'publickey'),
    Buffer.of(1),
    strings(question.algorithm, blob),
  ]);
  const reader = new WireReader(toBytes(question.signature ?? ''));
  const keyReader = new WireReader(blob);
  if (reader.text() !== 'ssh-ed25519' || keyReader.text() !== 'ssh-ed25519') return false;
  const key = createPublicKey({ key: Buffer.concat([ed25519Prefix, keyReader.string()]), format: 'der', type: 'spki' });
  return verify(null, signed, key, reader.string());
}

function strings(...values: (string | Buffer)[]): Buffer {
  return buildPayload(0, ...values).subarray(1);
}

function toBytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
