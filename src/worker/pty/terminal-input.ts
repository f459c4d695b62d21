import { addon } from '../../base/addon.js';
import { isErrno } from '../../errors/errno.js';
import { ByteQueue } from '../byte-queue.js';
import type { ChannelSink } from '../channel.js';

const firstRetryMs = 1;
const longestRetryMs = 200;

/**
 * The client's keystrokes on their way into a terminal. A program that does not read fills the terminal's small buffer: then we try again
 * after a growing pause. What waits is at most one channel window; it is dropped when the session ends, so that no byte reaches whatever has
 * the descriptor number next.
 */
export class TerminalInput implements ChannelSink {
  readonly #master: number;
  readonly #consumed: (bytes: number) => void;
  readonly #queue = new ByteQueue();
  #retryMs = firstRetryMs;
  #timer: NodeJS.Timeout | undefined;
  #dropped = false;

  constructor(master: number, consumed: (bytes: number) => void) {
    this.#master = master;
    this.#consumed = consumed;
  }

  data(chunk: Buffer): void {
    if (this.#dropped) {
      this.#consumed(chunk.length);
      return;
    }
    const taken = this.#queue.length === 0 ? this.#writeNow(chunk) : 0;
    if (taken === chunk.length || this.#dropped) return;
    this.#queue.push(chunk.subarray(taken));
    this.#schedule();
  }

  /** As with sshd, the client's end of file does nothing to a terminal. */
  eof(): void {
    // Nothing: what types an end of file into a terminal is its own control character.
  }

  /** Forgets what waits; nothing is written from now on. */
  drop(): void {
    this.#dropped = true;
    clearTimeout(this.#timer);
    const waiting = this.#queue.length;
    this.#queue.clear();
    if (waiting > 0) this.#consumed(waiting);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.#retryMs);
  }

  #flush(): void {
    const before = this.#queue.length;
    while (this.#queue.length > 0 && !this.#dropped) {
      const head = this.#queue.head();
      const taken = this.#writeNow(head);
      this.#queue.drop(taken);
      if (taken < head.length) break;
    }
    this.#retryMs = this.#queue.length < before ? firstRetryMs : Math.min(this.#retryMs * 2, longestRetryMs);
    if (this.#queue.length > 0 && !this.#dropped) this.#schedule();
  }

  #writeNow(data: Buffer): number {
    let at = 0;
    try {
      while (at < data.length) {
        const written = addon.write(this.#master, at === 0 ? data : data.subarray(at));
        if (written === null || written === 0) break;
        at += written;
      }
    } catch (error) {
      // Expected: EIO, the last program has closed the terminal. Its exit is reported on the session socket.
      if (!isErrno(error, 'EIO')) throw error;
      at = data.length;
    }
    if (at > 0) this.#consumed(at);
    return at;
  }
}
