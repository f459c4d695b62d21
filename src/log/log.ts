import { toLoggedError } from '../errors/presentation.js';
import { type EventName, events } from './events.js';
import type { NoiseGate } from './noise-gate.js';
import { toLoggedUntrusted, type UntrustedFields } from './untrusted-fields.js';

/** Ids that follow a connection, session or jail through all processes. */
export interface LogIds {
  readonly connection?: string;
  readonly session?: string;
  readonly jail?: string;
  readonly account?: string;
  readonly worker?: string;
}

/** What a log line may carry: our own scalars (and lists of them), one error, and foreign values under `untrusted` only. */
export interface LogFields extends LogIds {
  readonly error?: unknown;
  readonly untrusted?: UntrustedFields;
  readonly [name: string]: unknown;
}

/** The part of pino that this file needs; `root.ts` gives the real one. */
export interface LineWriter {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
  child(ids: object): LineWriter;
  isLevelEnabled(level: string): boolean;
}

/** A logger with the ids of what it is about. Log a thing once, where it is handled. */
export class Log {
  readonly #writer: LineWriter;
  readonly #gate: NoiseGate;

  constructor(writer: LineWriter, gate: NoiseGate) {
    this.#writer = writer;
    this.#gate = gate;
  }

  /** Writes one listed event at the level that its table entry states. */
  event(name: EventName, fields: LogFields = {}): void {
    const level = events[name];
    if (level === 'noise' && !this.#gate.admits(name)) return;
    this.#writer[level === 'noise' ? 'info' : level]({ event: name, ...toLine(fields) }, name);
  }

  /** Detail for whoever looks for a fault; never secrets, off by default. */
  debug(text: string, fields: LogFields = {}): void {
    if (this.#writer.isLevelEnabled('debug')) this.#writer.debug(toLine(fields), text);
  }

  /** A fault that was caught where nobody expected one. `where` is our own text. */
  fault(where: string, error: unknown, fields: LogFields = {}): void {
    this.#writer.error({ event: 'fault.caught', where, ...toLine({ ...fields, error }) }, 'fault.caught');
  }

  child(ids: LogIds): Log {
    return new Log(this.#writer.child(ids), this.#gate);
  }

  /** Reports held-back noise now (before a process ends). */
  flush(): void {
    this.#gate.flush();
  }
}

function toLine(fields: LogFields): object {
  const { error, untrusted, ...own } = fields;
  return {
    ...own,
    ...(error !== undefined && { error: toLoggedError(error) }),
    ...(untrusted !== undefined && { untrusted: toLoggedUntrusted(untrusted) }),
  };
}
