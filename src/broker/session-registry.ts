import { randomBytes } from 'node:crypto';
import type { AccountName, JailName } from '../base/brands.js';

/** One session that somebody opened; it ends when the jail's keeper says so. */
export interface SessionEntry {
  readonly sessionId: string;
  readonly jail: JailName;
  readonly account: AccountName;
  /** Name inside the jail. */
  readonly user: string;
  readonly kind: string;
  readonly terminal: boolean;
  readonly startedMs: number;
  /** Empty for an admin's session, and for one that an earlier broker opened. */
  readonly connectionId: string;
  readonly source: string;
}

/** All sessions that the broker knows of. */
export class SessionRegistry {
  readonly #sessions = new Map<string, SessionEntry>();
  readonly #beginning = new Set<string>();

  newId(): string {
    return randomBytes(8).toString('hex');
  }

  /** A session that runs. */
  add(entry: SessionEntry): void {
    this.#sessions.set(entry.sessionId, entry);
  }

  /** A session whose set-up has been asked for. */
  addBeginning(entry: SessionEntry): void {
    this.add(entry);
    this.#beginning.add(entry.sessionId);
  }

  markStarted(sessionId: string): void {
    this.#beginning.delete(sessionId);
  }

  isBeginning(sessionId: string): boolean {
    return this.#beginning.has(sessionId);
  }

  find(sessionId: string): SessionEntry | undefined {
    return this.#sessions.get(sessionId);
  }

  /** The entry that ended, once. */
  remove(sessionId: string): SessionEntry | undefined {
    const entry = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    this.#beginning.delete(sessionId);
    return entry;
  }

  list(): SessionEntry[] {
    return [...this.#sessions.values()];
  }
}
