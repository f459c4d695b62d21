import { closeSync, constants, openSync } from 'node:fs';
import { addon } from '../base/addon.js';
import { monotonicMs, pause } from '../base/deadline.js';
import { JaildError } from '../errors/jaild-error.js';

const openFlags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const retryMs = 15;
const defaultWaitMs = 10_000;

/** A held flock; it also ends with the process, so a crash leaves no stale lock. */
export interface HeldLock {
  /** A second call does nothing. */
  release(): void;
}

/** Takes the lock at once or answers undefined. The lock file stays; only its lock means something. */
export function tryLock(file: string): HeldLock | undefined {
  const fd = openSync(file, openFlags, 0o600);
  let held = true;
  try {
    held = addon.flock(fd, 'exclusive', true);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  if (!held) {
    closeSync(fd);
    return undefined;
  }
  return {
    release(): void {
      if (held) closeSync(fd);
      held = false;
    },
  };
}

/** Takes the lock; waits at most `waitMs` for another holder, then `store-busy`. */
export async function waitForLock(file: string, waitMs = defaultWaitMs): Promise<HeldLock> {
  const deadline = monotonicMs() + waitMs;
  for (;;) {
    const lock = tryLock(file);
    if (lock !== undefined) return lock;
    if (monotonicMs() >= deadline) {
      throw new JaildError('store-busy', `somebody else has held ${file} for ${waitMs} ms`, { fields: { file } });
    }
    await pause(retryMs);
  }
}

/** Runs `work` while holding the lock; waits for it as `waitForLock` does. */
export async function withLock<Result>(
  file: string,
  work: () => Promise<Result>,
  waitMs = defaultWaitMs,
): Promise<Result> {
  const lock = await waitForLock(file, waitMs);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
