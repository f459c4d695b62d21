import { join } from 'node:path';
import { monotonicMs, pause } from '../base/deadline.js';
import { isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';
import { KeeperClient, type KeeperEvents } from '../privsep/keeper-client.js';

const returnDeadlineMs = 5_000;
const retryMs = 100;

/** The one connection to the host keeper, made again when it broke: a question waits up to 5 s for a keeper to return. */
export class KeeperLink {
  readonly #socketPath: string;
  readonly #log: Log;
  readonly #onWorkerExited: KeeperEvents['workerExited'];
  #client: KeeperClient | undefined;
  #connecting: Promise<KeeperClient> | undefined;
  #closed = false;

  constructor(options: { runDir: string; log: Log; workerExited: KeeperEvents['workerExited'] }) {
    this.#socketPath = join(options.runDir, 'keeper.sock');
    this.#log = options.log;
    this.#onWorkerExited = options.workerExited;
  }

  get isConnected(): boolean {
    return this.#client?.isClosed === false;
  }

  /** The live client. Fault: `keeper-unreachable`. */
  async client(): Promise<KeeperClient> {
    if (this.#client?.isClosed === false) return this.#client;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  async #connect(): Promise<KeeperClient> {
    const endMs = monotonicMs() + returnDeadlineMs;
    for (;;) {
      try {
        this.#client = KeeperClient.connect(this.#socketPath, {
          workerExited: this.#onWorkerExited,
          closed: (fault) => this.#onClosed(fault),
        });
        this.#log.event('keeper.connected');
        return this.#client;
      } catch (cause) {
        // Expected while the keeper is being restarted: no socket, nobody listening, a full queue.
        const mayReturn = isErrno(cause, 'ENOENT', 'ECONNREFUSED', 'EAGAIN');
        if (!mayReturn || this.#closed || monotonicMs() > endMs) {
          throw new JaildError('keeper-unreachable', `the keeper does not answer at ${this.#socketPath}`, { cause });
        }
      }
      await pause(retryMs);
    }
  }

  #onClosed(fault: JaildError | null): void {
    if (this.#closed) return;
    this.#log.event('keeper.lost', fault === null ? {} : { error: fault });
    // Workers' exits are told on this connection, so that it is made again without waiting for a question.
    this.client().catch((error: unknown) => this.#log.fault('connecting to the keeper again', error));
  }
}
