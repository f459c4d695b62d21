import { randomFillSync } from 'node:crypto';

const poolBytes = 16 * 1024;
const largestPooled = 256;

/**
 * A stand-in for `crypto.randomFillSync` that takes small requests from a pool of random bytes: the library asks once per packet
 * for 4 to 19 bytes of padding, which was a sixth of a transfer's CPU time. No pooled byte is given out twice.
 * Everything that is no small slice of bytes goes to the real function.
 */
export function makePooledRandomFill(): typeof randomFillSync {
  const pool = Buffer.allocUnsafeSlow(poolBytes);
  let used = poolBytes;
  const fill = (target: unknown, offset?: number, size?: number): unknown => {
    if (!(target instanceof Uint8Array) || offset === undefined || size === undefined || size > largestPooled) {
      return Reflect.apply(
        randomFillSync,
        undefined,
        [target, offset, size].filter((argument) => argument !== undefined),
      );
    }
    if (used + size > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    target.set(pool.subarray(used, used + size), offset);
    pool.fill(0, used, used + size);
    used += size;
    return target;
  };
  return fill as typeof randomFillSync;
}
