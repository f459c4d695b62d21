import { type AcceptedConnection, addon, type Watch } from '../base/addon.js';
import { isOutOfDescriptors } from '../errors/errno.js';
import type { Log } from '../log/log.js';

/** So that a flood on one socket leaves the event loop its turns. */
const acceptsPerTurn = 32;
const restMs = 100;

/** Accepts on listening sockets until it is stopped. Out of descriptors it rests for a moment, instead of spinning or dying. */
export class Acceptor {
  readonly #watches: Watch[];
  readonly #sockets: readonly number[];
  readonly #log: Log;
  readonly #onAccepted: (accepted: AcceptedConnection) => void;
  #rest: NodeJS.Timeout | undefined;
  #stopped = false;

  /** Takes over the listening sockets. */
  constructor(sockets: readonly number[], log: Log, onAccepted: (accepted: AcceptedConnection) => void) {
    this.#sockets = sockets;
    this.#log = log;
    this.#onAccepted = onAccepted;
    this.#watches = sockets.map((socket) => addon.watch(socket, { readable: true }, () => this.#accept(socket)));
  }

  /** Closes the listening sockets. A second call does nothing. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#rest);
    for (const watch of this.#watches) watch.close();
    for (const socket of this.#sockets) addon.close(socket);
  }

  #accept(socket: number): void {
    for (let count = 0; count < acceptsPerTurn && !this.#stopped; count += 1) {
      let accepted: AcceptedConnection | null;
      try {
        accepted = addon.accept(socket);
      } catch (error) {
        // Expected: EMFILE, ENFILE, ENOMEM; after anything else (a firewall's EPERM) the next connection may be fine.
        this.#log.event('accept.failed', { error });
        if (isOutOfDescriptors(error)) this.#takeRest();
        return;
      }
      if (accepted === null) return;
      this.#onAccepted(accepted);
    }
  }

  #takeRest(): void {
    for (const watch of this.#watches) watch.update({});
    this.#rest = setTimeout(() => {
      for (const watch of this.#watches) watch.update({ readable: true });
    }, restMs);
  }
}
