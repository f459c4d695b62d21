import { addon } from '../base/addon.js';
import { BackOff } from '../base/back-off.js';
import { monotonicMs, pause } from '../base/deadline.js';
import { isErrno } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { type Answered, DoorClient } from '../privsep/door-client.js';
import type { DoorEventName, DoorEvents, ListenerEvents } from '../privsep/door-events.js';
import type { Question, RequestName } from '../privsep/request-table.js';

/** How long a question waits for a broker that is being restarted. */
const waitForBrokerMs = 5000;

type Handlers = { readonly [Name in keyof ListenerEvents]: (event: ListenerEvents[Name]) => void };

/**
 * The listener's door to the broker, which may be restarted at any time: connects again by itself and lets questions wait for that.
 * `onConnected` is called after each connect.
 */
export class BrokerLink {
  readonly #path: string;
  readonly #handlers: Handlers;
  readonly #onConnected: () => void;
  readonly #stop = new AbortController();
  #door: DoorClient | undefined;
  #waiting: (() => void)[] = [];

  constructor(path: string, handlers: Handlers, onConnected: () => void) {
    this.#path = path;
    this.#handlers = handlers;
    this.#onConnected = onConnected;
    void this.#keepConnected();
  }

  /** Asks the broker, waiting up to 5 s for one to be there. Faults: `door-closed`, `door-timeout`, and the broker's own. */
  async ask<Name extends RequestName>(
    name: Name,
    question: Question<Name>,
    deadlineMs?: number,
  ): Promise<Answered<Name>> {
    const endMs = monotonicMs() + waitForBrokerMs;
    for (;;) {
      const door = await this.#connected(endMs);
      try {
        return await door.ask(name, question, deadlineMs);
      } catch (error) {
        // A question that the broker's end cut off may be asked again: what it may have made ended with its sockets.
        if (!isJaildError(error, 'door-closed') || monotonicMs() >= endMs) throw error;
      }
    }
  }

  close(): void {
    this.#stop.abort();
    this.#door?.close();
    this.#wake();
  }

  async #connected(endMs: number): Promise<DoorClient> {
    while (this.#door === undefined || this.#door.isClosed) {
      const leftMs = endMs - monotonicMs();
      if (leftMs <= 0 || this.#stop.signal.aborted)
        throw new JaildError('door-closed', `no broker answers at ${this.#path}`, { fields: { path: this.#path } });
      await Promise.race([
        pause(leftMs, this.#stop.signal),
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
      ]);
    }
    return this.#door;
  }

  async #keepConnected(): Promise<void> {
    const backOff = new BackOff({ firstMs: 20, lastMs: 500, calmMs: 5000 });
    while (!this.#stop.signal.aborted) {
      const door = connect(this.#path);
      if (door === undefined) {
        await pause(backOff.next(), this.#stop.signal);
        continue;
      }
      const ended = new Promise<void>((resolve) => door.onClose(() => resolve()));
      for (const name of Object.keys(this.#handlers) as (keyof ListenerEvents)[]) this.#listen(door, name);
      this.#door = door;
      this.#wake();
      this.#onConnected();
      await ended;
    }
  }

  #listen<Name extends keyof ListenerEvents & DoorEventName>(door: DoorClient, name: Name): void {
    door.on(name, (event: DoorEvents[Name]) => this.#handlers[name](event as ListenerEvents[Name]));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function connect(path: string): DoorClient | undefined {
  try {
    return new DoorClient(addon.connectUnix(path, 'stream'));
  } catch (error) {
    // Expected while the broker is away or busy.
    if (isErrno(error, 'ENOENT', 'ECONNREFUSED', 'EAGAIN', 'EACCES')) return undefined;
    throw error;
  }
}
