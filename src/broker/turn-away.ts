import { addon } from '../base/addon.js';
import { monotonicMs } from '../base/deadline.js';
import type { AuditTrail } from '../log/audit.js';
import type { Log } from '../log/log.js';
import { NoiseGate } from '../log/noise-gate.js';
import { encodeFrame } from '../privsep/frame.js';

/** Refusals of one user and socket that are written down one by one; the rest of the interval is a number. */
const burst = 20;
const intervalMs = 60_000;

/** To know whether a stranger owns anything takes a look at all records: once in this time for one user. */
const restMs = 1_000;
const maxResting = 10_000;

/** Refuses local clients at the door. Any user of the host can knock as often as he likes: that must not fill the audit trail. */
export class TurnAway {
  readonly #log: Log;
  readonly #audit: AuditTrail;
  readonly #gate: NoiseGate;
  readonly #refusedMs = new Map<number, number>();

  constructor(log: Log, audit: AuditTrail) {
    this.#log = log;
    this.#audit = audit;
    this.#gate = new NoiseGate({ burst, intervalMs, onSuppressed: (counts) => this.#tellHeldBack(counts) });
  }

  /** True for a moment after a refusal: whoever comes again is refused again, without looking. */
  isResting(uid: number): boolean {
    return monotonicMs() - (this.#refusedMs.get(uid) ?? Number.NEGATIVE_INFINITY) < restMs;
  }

  /** One line that jailctl can show, then the end; takes over `fd`. */
  refuse(fd: number, socket: string, reason: string): void {
    const { uid, pid } = addon.peerCredentials(fd);
    if (!this.isResting(uid)) this.#startRest(uid);
    if (this.#gate.admits(`${socket} ${uid}`)) {
      this.#log.event('door.violated', { socket, uid, peerPid: pid, reason });
      this.#audit.record('admin.refused', { socket, uid, reason });
    }
    try {
      addon.send(fd, encodeFrame({ id: 1, ok: false, error: { code: 'door-refused', text: reason } }));
    } catch {
      // Expected: the peer has gone already.
    }
    addon.close(fd);
  }

  #startRest(uid: number): void {
    if (this.#refusedMs.size >= maxResting) this.#refusedMs.clear();
    this.#refusedMs.set(uid, monotonicMs());
  }

  #tellHeldBack(counts: Readonly<Record<string, number>>): void {
    for (const [kind, times] of Object.entries(counts)) {
      const [socket, uid] = kind.split(' ');
      const facts = { socket, uid: Number(uid), reason: 'the same again', times };
      this.#log.event('door.violated', facts);
      this.#audit.record('admin.refused', facts);
    }
  }
}
