import type { LiveConnection } from './connection.js';

/** A connection as others see it: its state, and how to end it. */
export interface ConnectionEntry {
  connection(): LiveConnection;
  /** Tells the worker to end the connection, with one line for the user. */
  terminate(code: string, text: string): void;
  /** The broker ends: its end of the door closes, the connection may come back to the next broker. */
  release(): void;
}

/** All connections that have a door now. */
export class ConnectionTable {
  readonly #entries = new Map<string, ConnectionEntry>();

  get size(): number {
    return this.#entries.size;
  }

  add(connectionId: string, entry: ConnectionEntry): void {
    this.#entries.set(connectionId, entry);
  }

  find(connectionId: string): ConnectionEntry | undefined {
    return this.#entries.get(connectionId);
  }

  /** Removes the entry if it is still this one (a resumed connection has a newer). */
  remove(connectionId: string, entry: ConnectionEntry): boolean {
    return this.#entries.get(connectionId) === entry && this.#entries.delete(connectionId);
  }

  list(): ConnectionEntry[] {
    return [...this.#entries.values()];
  }
}
