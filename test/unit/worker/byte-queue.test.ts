import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from '../../../src/worker/byte-queue.js';

describe('the byte queue', () => {
  it('gives out what came in, in any pieces', () => {
    const pieces = fc.array(fc.tuple(fc.nat(90_000), fc.nat(90_000)), { maxLength: 30 });
    const property = fc.property(pieces, (steps) => {
      const queue = new ByteQueue();
      let [written, read] = [0, 0];
      for (const [push, drop] of steps) {
        queue.push(Buffer.from(Array.from({ length: push }, (_, index) => (written + index) % 251)));
        written += push;
        const head = queue.head().subarray(0, drop);
        assert.ok(head.every((value, index) => value === (read + index) % 251));
        queue.drop(head.length);
        read += head.length;
        assert.equal(queue.length, written - read);
      }
    });
    fc.assert(property, { numRuns: 30 });
  });

  it('copies a head that lies across blocks', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.alloc(64 * 1024, 1));
    queue.push(Buffer.from([2, 3]));
    queue.drop(64 * 1024 - 2);
    assert.deepEqual(queue.copyHead(4), Buffer.from([1, 1, 2, 3]));
    assert.equal(queue.copyHead(5), null);
  });

  it('keeps its own copy', () => {
    const queue = new ByteQueue();
    const data = Buffer.from('abc');
    queue.push(data);
    data.fill(0);
    assert.equal(queue.head().toString(), 'abc');
  });
});
