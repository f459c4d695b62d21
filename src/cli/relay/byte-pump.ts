import { setImmediate as nextTurn } from 'node:timers/promises';
import { addon, type Interest } from '../../base/addon.js';
import { pause } from '../../base/deadline.js';
import { isErrno } from '../../errors/errno.js';

/** Why a pump has come to rest: nothing more to read, nobody who reads what it writes, or it was stopped. */
export type PumpEnd = 'ended' | 'broken' | 'stopped';

export interface PumpEnds {
  readonly from: number;
  readonly to: number;
  /** `to` is a terminal's master, which another pump reads: it is not watched (one watch per descriptor) but tried again. */
  readonly toMaster?: boolean;
}

const chunkBytes = 64 * 1024;
const firstRetryMs = 1;
const longestRetryMs = 50;

/**
 * Moves bytes from one descriptor to another and holds one chunk at most: a slow reader slows the writer down. Flags of the descriptors
 * are left alone, because the shell that started us shares them. Neither is closed here.
 */
export class BytePump {
  /** Never rejects but for faults of this program. */
  readonly done: Promise<PumpEnd>;
  readonly #ends: PumpEnds;
  #isStopped = false;
  #isFinishing = false;
  #wake: (() => void) | undefined;

  constructor(ends: PumpEnds) {
    this.#ends = ends;
    this.done = this.#run();
  }

  /** From now on "nothing there" is the end: for a terminal, whose other end a background process may hold open. */
  finish(): void {
    this.#isFinishing = true;
    this.#wake?.();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  async #run(): Promise<PumpEnd> {
    while (!this.#isStopped) {
      const chunk = addon.read(this.#ends.from, chunkBytes);
      if (chunk === null) {
        if (this.#isFinishing) return 'ended';
        await this.#untilReady(this.#ends.from, { readable: true });
        continue;
      }
      if (chunk.length === 0) return 'ended';
      if (!(await this.#deliver(chunk))) return 'broken';
      await nextTurn(); // a source that always has more must not keep signals and the other pumps waiting
    }
    return 'stopped';
  }

  /** False when the reader is gone. */
  async #deliver(chunk: Buffer): Promise<boolean> {
    let retryMs = firstRetryMs;
    for (let at = 0; at < chunk.length && !this.#isStopped; ) {
      const written = writeNow(this.#ends.to, chunk.subarray(at));
      if (written === 'broken') return false;
      at += written;
      if (written > 0) retryMs = firstRetryMs;
      else if (this.#ends.toMaster !== true) await this.#untilReady(this.#ends.to, { writable: true });
      else {
        await pause(retryMs);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
    return true;
  }

  #untilReady(fd: number, interest: Interest): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        watch.close();
        this.#wake = undefined;
        resolve();
      };
      const watch = addon.watch(fd, interest, settle);
      this.#wake = settle;
    });
  }
}

function writeNow(fd: number, data: Buffer): number | 'broken' {
  try {
    return addon.write(fd, data) ?? 0;
  } catch (error) {
    // Expected: the reader has closed its pipe, or the last program its terminal.
    if (isErrno(error, 'EPIPE', 'EIO', 'ECONNRESET')) return 'broken';
    throw error;
  }
}
