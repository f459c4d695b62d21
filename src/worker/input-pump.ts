import { addon } from '../base/addon.js';
import { isErrno } from '../errors/errno.js';
import { ByteQueue } from './byte-queue.js';

export interface InputPumpOptions {
  /** Write end of a pipe. Owned: closed after the last byte, or when the reader is gone. */
  readonly fd: number;
  /** So many bytes are out of our hands. */
  readonly consumed: (bytes: number) => void;
  /** The program reads no more (EPIPE); what follows is thrown away. */
  readonly broken: () => void;
}

/** Moves the client's bytes into a pipe; what does not fit waits here, at most one channel window of it. */
export class InputPump {
  readonly #options: InputPumpOptions;
  readonly #watch: { update(interest: { readable: boolean; writable: boolean }): void; close(): void };
  readonly #queue = new ByteQueue();
  #ending = false;
  #onClosed: (() => void) | undefined;
  #closed = false;

  constructor(options: InputPumpOptions) {
    this.#options = options;
    this.#watch = addon.watch(options.fd, { readable: false, writable: false }, () => this.#flush());
  }

  write(data: Buffer): void {
    if (this.#closed) {
      this.#options.consumed(data.length);
      return;
    }
    const taken = this.#queue.length === 0 ? this.#writeNow(data) : 0;
    if (this.#closed || taken === data.length) return;
    this.#queue.push(data.subarray(taken));
    this.#watch.update({ readable: false, writable: true });
  }

  /** No more bytes follow: the pipe is closed once the queue is empty, and `closed` is called. */
  end(closed?: () => void): void {
    this.#ending = true;
    this.#onClosed = closed;
    if (this.#closed) closed?.();
    else if (this.#queue.length === 0) this.close();
  }

  /** Closes the pipe now and drops what waits. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    addon.close(this.#options.fd);
    const dropped = this.#queue.length;
    this.#queue.clear();
    if (dropped > 0) this.#options.consumed(dropped);
    this.#onClosed?.();
  }

  #flush(): void {
    while (!this.#closed && this.#queue.length > 0) {
      const head = this.#queue.head();
      const taken = this.#writeNow(head);
      if (this.#closed) return;
      this.#queue.drop(taken);
      if (taken < head.length) return;
    }
    if (this.#closed) return;
    if (this.#ending) this.close();
    else this.#watch.update({ readable: false, writable: false });
  }

  /** Writes what fits; 0 to data.length. On EPIPE everything counts as taken. */
  #writeNow(data: Buffer): number {
    let at = 0;
    try {
      while (at < data.length) {
        const written = addon.write(this.#options.fd, at === 0 ? data : data.subarray(at));
        if (written === null) break;
        at += written;
      }
    } catch (error) {
      if (!isErrno(error, 'EPIPE')) throw error;
      this.#options.consumed(data.length);
      this.close();
      this.#options.broken();
      return data.length;
    }
    if (at > 0) this.#options.consumed(at);
    return at;
  }
}
