import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePooledRandomFill } from '../../../../src/worker/ssh2/padding-pool.js';

describe('pooled random padding', () => {
  it('fills the given range and nothing else', () => {
    const fill = makePooledRandomFill();
    const bytes = Buffer.alloc(40);
    fill(bytes, 10, 20);
    assert.ok(bytes.subarray(0, 10).every((value) => value === 0) && bytes.subarray(30).every((value) => value === 0));
    assert.ok(bytes.subarray(10, 30).some((value) => value !== 0));
  });

  it('gives no two equal stretches over several pools', () => {
    const fill = makePooledRandomFill();
    const seen = new Set<string>();
    for (let count = 0; count < 5_000; count += 1) {
      const bytes = Buffer.alloc(16);
      fill(bytes, 0, 16);
      seen.add(bytes.toString('hex'));
    }
    assert.equal(seen.size, 5_000);
  });

  it('hands large and plain requests to the real function', () => {
    const fill = makePooledRandomFill();
    assert.ok(fill(Buffer.alloc(64)).some((value) => value !== 0));
    assert.ok(fill(Buffer.alloc(10_000), 0, 10_000).some((value) => value !== 0));
  });
});
