import { closeSync, constants, fchmodSync, fdatasyncSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { monotonicMs } from '../base/deadline.js';
import type { AuditEvent } from './audit-events.js';
import type { LogIds } from './log.js';
import { toLoggedUntrusted, type UntrustedFields } from './untrusted-fields.js';

/** Facts of one audit line: our own scalars; what came from outside only under `untrusted`. Never a secret. */
export interface AuditFields extends LogIds {
  readonly untrusted?: UntrustedFields;
  readonly [name: string]: string | number | boolean | null | undefined | readonly string[] | UntrustedFields;
}

export type AuditSync = 'each' | 'second' | 'never';

interface Gap {
  lost: number;
  readonly since: string;
  reason: string;
}

const openFlags =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const syncPauseMs = 1000;

/**
 * The audit trail: a file of its own (0600), one JSON line per act, only ever appended to. It is no log level and cannot be turned off.
 * When the file was moved or removed (rotation), the next line goes to a new one. When a line cannot be written, the service goes on;
 * `onTrouble` is told once per gap, and the first line that works again is `audit.gap` with the number of lost lines, since when, and why.
 */
export class AuditTrail {
  readonly #file: string;
  readonly #sync: AuditSync;
  readonly #onTrouble: (state: 'failed' | 'recovered', error: unknown) => void;
  #fd: number | undefined;
  #lastSyncMs = Number.NEGATIVE_INFINITY;
  #syncTimer: NodeJS.Timeout | undefined;
  #gap: Gap | undefined;
  #torn = false;
  #sequence = 0;

  /** Opens (or makes) the file; throws when that fails now, because a server without an audit trail should not start. */
  constructor(options: {
    file: string;
    sync: AuditSync;
    onTrouble: (state: 'failed' | 'recovered', error: unknown) => void;
  }) {
    this.#file = options.file;
    this.#sync = options.sync;
    this.#onTrouble = options.onTrouble;
    this.#fd = openAudit(options.file);
  }

  /** Appends one line; never throws. */
  record(event: AuditEvent, fields: AuditFields = {}): void {
    try {
      this.#reopenWhenMoved();
      if (this.#gap !== undefined) this.#closeGap(this.#gap);
      this.#append(this.#line(event, fields));
    } catch (error) {
      this.#countLost(error); // expected: ENOSPC, EDQUOT, EIO, EROFS, a directory that is gone
    }
  }

  /** Forces to disk what was appended, and closes. A second call does nothing. */
  close(): void {
    clearTimeout(this.#syncTimer);
    if (this.#fd === undefined) return;
    try {
      fdatasyncSync(this.#fd);
    } catch (error) {
      this.#onTrouble('failed', error); // expected: EIO, ENOSPC
    } finally {
      closeSync(this.#fd);
      this.#fd = undefined;
    }
  }

  #line(event: AuditEvent, fields: AuditFields): string {
    const { untrusted, ...own } = fields;
    this.#sequence += 1;
    const foreign = untrusted === undefined ? {} : { untrusted: toLoggedUntrusted(untrusted) };
    return JSON.stringify({
      time: new Date().toISOString(),
      event,
      seq: this.#sequence,
      pid: process.pid,
      ...own,
      ...foreign,
    });
  }

  #append(line: string): void {
    this.#fd ??= openAudit(this.#file);
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${line}\n`);
    const written = writeSync(this.#fd, bytes);
    this.#torn = written < bytes.length;
    if (this.#torn) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
    this.#syncByPolicy();
  }

  #syncByPolicy(): void {
    if (this.#sync === 'never' || this.#syncTimer !== undefined) return;
    const waitMs = this.#sync === 'each' ? 0 : this.#lastSyncMs + syncPauseMs - monotonicMs();
    if (waitMs <= 0) {
      this.#syncNow();
      return;
    }
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined;
      try {
        this.#syncNow();
      } catch (error) {
        this.#onTrouble('failed', error); // expected: EIO, ENOSPC at write-back
      }
    }, waitMs).unref();
  }

  #syncNow(): void {
    this.#lastSyncMs = monotonicMs();
    if (this.#fd !== undefined) fdatasyncSync(this.#fd);
  }

  #reopenWhenMoved(): void {
    if (this.#fd === undefined) return;
    const current = statSync(this.#file, { throwIfNoEntry: false });
    const open = fstatSync(this.#fd);
    if (current !== undefined && current.ino === open.ino && current.dev === open.dev) return;
    const moved = this.#fd;
    this.#fd = undefined;
    closeSync(moved);
    this.#fd = openAudit(this.#file);
    this.#torn = false;
  }

  #closeGap(gap: Gap): void {
    this.#append(this.#line('audit.gap', { lost: gap.lost, since: gap.since, reason: gap.reason }));
    this.#gap = undefined;
    this.#onTrouble('recovered', undefined);
  }

  #countLost(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#gap !== undefined) {
      this.#gap.lost += 1;
      return;
    }
    this.#gap = { lost: 1, since: new Date().toISOString(), reason };
    this.#onTrouble('failed', error);
  }
}

function openAudit(file: string): number {
  const fd = openSync(file, openFlags, 0o600);
  fchmodSync(fd, 0o600);
  return fd;
}
