import type { Slot } from './admission.js';
import type { WorkerLink } from './worker-link.js';

/** One connection that a worker serves. */
export interface HandedConnection {
  readonly connectionId: string;
  readonly slot: Slot;
  readonly worker: WorkerLink;
}

/** The connections that were handed over, until one of the sides says that they ended. */
export class ConnectionTable {
  readonly #connections = new Map<string, HandedConnection>();
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#connections.size;
  }

  add(connection: HandedConnection): void {
    this.#connections.set(connection.connectionId, connection);
  }

  find(connectionId: string): HandedConnection | undefined {
    return this.#connections.get(connectionId);
  }

  /** Frees its slot; answers the connection the first time, undefined when it is not there (any more). */
  end(connectionId: string): HandedConnection | undefined {
    const connection = this.#connections.get(connectionId);
    if (connection === undefined) return undefined;
    this.#connections.delete(connectionId);
    connection.slot.release();
    if (this.#connections.size === 0) this.#onEmpty?.();
    return connection;
  }

  /** Resolves when no connection is left. */
  async empty(): Promise<void> {
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }
}
