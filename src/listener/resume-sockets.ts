import { addon } from '../base/addon.js';
import { monotonicMs, pause } from '../base/deadline.js';
import type { Log } from '../log/log.js';
import type { WorkerLink } from './worker-link.js';

const retryMs = 50;
const resumeWaitMs = 5000;
/** One connection gets a new socket at most so often: each costs the broker a descriptor until it was proved or its time is over. */
const restMs = 1000;

/** Connects to the broker for workers, which cannot do so themselves. A connection outlives the broker as long as a new one appears within 5 s. */
export class ResumeSockets {
  readonly #path: string;
  readonly #log: Log;
  /** Connections that are being served; true: asked for again meanwhile. */
  readonly #asked = new Map<string, boolean>();

  constructor(runDir: string, log: Log) {
    this.#path = `${runDir}/resume.sock`;
    this.#log = log;
  }

  /** Brings the worker a connected resume socket, now or once the rest is over. Never throws. */
  async bring(worker: WorkerLink, connectionId: string): Promise<void> {
    const isBusy = this.#asked.has(connectionId);
    this.#asked.set(connectionId, isBusy);
    if (isBusy) return;
    do {
      this.#asked.set(connectionId, false);
      await this.#bringOne(worker, connectionId);
      await pause(restMs);
    } while (this.#asked.get(connectionId) === true);
    this.#asked.delete(connectionId);
  }

  async #bringOne(worker: WorkerLink, connectionId: string): Promise<void> {
    const fd = await connectPatiently(this.#path);
    if (fd === undefined)
      this.#log.event('connection.closed', { connection: connectionId, before: 'resume', outcome: 'no broker' });
    else worker.sendResumeSocket(connectionId, fd);
  }
}

async function connectPatiently(path: string): Promise<number | undefined> {
  const endMs = monotonicMs() + resumeWaitMs;
  while (monotonicMs() < endMs) {
    try {
      return addon.connectUnix(path, 'stream');
    } catch {
      await pause(retryMs); // expected: ENOENT, ECONNREFUSED, EAGAIN until the broker is back
    }
  }
  return undefined;
}
