import { addon, type Watch } from '../base/addon.js';
import { isPeerGone } from '../errors/errno.js';
import type { Log } from '../log/log.js';
import { parseWorkerLine } from './worker-log-line.js';

const readBytes = 16 * 1024;
const maxLineBytes = 8 * 1024;
const linesPerSecond = 200;

/**
 * What a worker says on its standard error, as lines of our own log. A worker is hostile: its text comes under `untrusted`, so that it
 * cannot forge a line of anybody else's; too much of it is dropped.
 */
export class WorkerLog {
  readonly #fd: number;
  readonly #log: Log;
  readonly #watch: Watch;
  #rest = '';
  #budget = linesPerSecond;
  readonly #refill: NodeJS.Timeout;
  #isClosed = false;

  /** Takes over `fd`, our end of a socket pair. */
  constructor(fd: number, log: Log) {
    this.#fd = fd;
    this.#log = log;
    this.#watch = addon.watch(fd, { readable: true }, () => this.#read());
    this.#refill = setInterval(() => {
      this.#budget = linesPerSecond;
    }, 1000).unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#refill);
    this.#watch.close();
    addon.close(this.#fd);
  }

  #read(): void {
    try {
      const data = addon.read(this.#fd, readBytes);
      if (data === null) return;
      if (data.length === 0) return this.close();
      this.#take(data.toString('utf8'));
    } catch (error) {
      if (!isPeerGone(error)) throw error;
      this.close();
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, maxLineBytes);
    for (const line of lines) {
      if (line === '' || this.#budget <= 0) continue;
      this.#budget -= 1;
      const { event, ids, untrusted } = parseWorkerLine(line);
      this.#log.event(event, { ...ids, untrusted });
    }
  }
}
