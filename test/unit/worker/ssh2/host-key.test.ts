import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeHostKeys, type SignExchange } from '../../../../src/worker/ssh2/host-key.js';
import type { ExchangeParts } from '../../../../src/worker/ssh2/key-exchange.js';
import { buildPayload } from '../../../../src/worker/ssh2/wire.js';

const hash = Buffer.alloc(32, 1);
const ed25519 = buildPayload(0, 'ssh-ed25519', Buffer.alloc(32)).subarray(1);
const rsa = buildPayload(0, 'ssh-rsa', Buffer.alloc(3), Buffer.alloc(256)).subarray(1);
const parts = { hostKeyAlgorithm: 'ssh-ed25519' } as ExchangeParts;

function keysWith(sign: SignExchange) {
  return makeHostKeys(
    [
      { type: 'ed25519', blob: ed25519 },
      { type: 'rsa', blob: rsa },
    ],
    () => parts,
    sign,
  );
}

function blobOf(algorithm: string): Buffer {
  return buildPayload(0, algorithm, Buffer.from('raw')).subarray(1);
}

describe('host keys without their private halves', () => {
  it('stand under the SHA-2 algorithms only', () => {
    const keys = keysWith(() => ({ hash, signature: blobOf('ssh-ed25519') }));
    assert.deepEqual(Object.keys(keys), ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256']);
  });

  it('give the raw signature of the broker', () => {
    const signed = keysWith(() => ({ hash, signature: blobOf('ssh-ed25519') }))['ssh-ed25519']?.sign(hash);
    assert.deepEqual(signed, Buffer.from('raw'));
  });

  it('fail when the broker hashed something else, signed otherwise, or is away', () => {
    const answers: SignExchange[] = [
      () => ({ hash: Buffer.alloc(32), signature: blobOf('ssh-ed25519') }),
      () => ({ hash, signature: blobOf('rsa-sha2-256') }),
      () => {
        throw new Error('away');
      },
    ];
    for (const answer of answers) assert.ok(keysWith(answer)['ssh-ed25519']?.sign(hash) instanceof Error);
  });
});
