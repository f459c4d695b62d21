import { BackOff } from '../base/back-off.js';
import { DeadlineError, monotonicMs, pause, withDeadline } from '../base/deadline.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';
import { aliveIntervalMs, type ListenerSettings } from '../privsep/worker-control.js';
import type { BrokerLink } from './broker-link.js';
import { chooseWorker, planPlacement } from './placement.js';
import type { WorkerEvents, WorkerLink } from './worker-link.js';
import { startWorker } from './worker-starter.js';

/** What the pool tells of its workers' connections. */
export interface PoolEvents {
  closed(connectionId: string): void;
  needResume(worker: WorkerLink, connectionId: string): void;
  /** The worker is gone, and these connections with it. */
  lost(worker: WorkerLink, connectionIds: readonly string[]): void;
}

interface Member {
  readonly use: 'shared' | 'alone';
  key: string | undefined;
  waiting: number;
  /** Undefined until it is ready. */
  link: WorkerLink | undefined;
  readonly started: Promise<WorkerLink>;
}

/** A timer that fired so late says that this process stood still, not the workers. */
const toleratedLagMs = 1000;

/**
 * All workers: those that serve, spares that wait so that nobody waits for a start, and those that finish their last connections.
 * A worker that dies takes its own connections with it and nothing else.
 */
export class WorkerPool {
  readonly #broker: Pick<BrokerLink, 'ask'>;
  readonly #events: PoolEvents;
  readonly #log: Log;
  readonly #members = new Set<Member>();
  readonly #spares = new Set<WorkerLink>();
  readonly #retiring = new Set<WorkerLink>();
  readonly #killed = new WeakSet<WorkerLink>();
  readonly #stop = new AbortController();
  readonly #backOff = new BackOff({ firstMs: 100, lastMs: 10_000, calmMs: 30_000 });
  readonly #timer: NodeJS.Timeout;
  #settings: ListenerSettings;
  #startingSpares = 0;
  #tickMs = monotonicMs();
  #onEmpty: (() => void) | undefined;

  constructor(options: { broker: Pick<BrokerLink, 'ask'>; settings: ListenerSettings; events: PoolEvents; log: Log }) {
    this.#broker = options.broker;
    this.#settings = options.settings;
    this.#events = options.events;
    this.#log = options.log;
    this.#timer = setInterval(() => this.#tick(), aliveIntervalMs);
    this.#fillSpares();
  }

  /** For what starts from now on; workers of the old settings finish what they have. */
  setSettings(settings: ListenerSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (JSON.stringify(before.session) !== JSON.stringify(settings.session)) this.retireAll();
    this.#fillSpares();
  }

  /** Finds or starts the worker for a connection. It is ready now: `hand` must follow without waiting for anything. Faults: `role-failed`, `store-busy`. */
  async place(address: string, sourceKey: string, deadlineMs: number): Promise<WorkerLink> {
    const endMs = monotonicMs() + deadlineMs;
    for (;;) {
      const link = await this.#ready(this.#memberFor(address, sourceKey), endMs - monotonicMs());
      if (link.state === 'ready') return link;
      // It ended in this very moment; the next choice is another one.
    }
  }

  /** The broker says that this connection has ended. */
  connectionEnded(link: WorkerLink, connectionId: string): void {
    link.forget(connectionId);
    this.#retireSingle(link);
  }

  /** All workers get no connection any more and are replaced (new settings, new program). */
  retireAll(): void {
    for (const member of this.#members) if (member.link !== undefined) this.#retire(member.link);
    for (const spare of this.#spares) this.#retire(spare);
  }

  /** Ends all workers: each when its last connection ends, at the deadline at once. Resolves when none is left. */
  async drain(deadlineMs: number): Promise<void> {
    this.#stop.abort();
    this.retireAll();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      this.#noteEmpty();
    });
    await Promise.race([empty, pause(deadlineMs)]);
    await this.killAll();
    clearInterval(this.#timer);
  }

  /** Ends all workers that drain, at once. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#retiring].map((link) => this.#kill(link)));
  }

  /** Leaves the workers alone: they finish what they have without a listener (an upgrade). */
  detach(): void {
    this.#stop.abort();
    clearInterval(this.#timer);
    for (const spare of this.#spares) spare.close();
    for (const member of this.#members) member.link?.close();
    for (const link of this.#retiring) link.close();
  }

  async #ready(member: Member, deadlineMs: number): Promise<WorkerLink> {
    member.waiting += 1;
    try {
      return await withDeadline(member.started, deadlineMs, 'a ready worker');
    } catch (error) {
      throw error instanceof DeadlineError ? new JaildError('role-failed', error.message, { cause: error }) : error;
    } finally {
      member.waiting -= 1;
    }
  }

  #memberFor(address: string, sourceKey: string): Member {
    if (this.#stop.signal.aborted) throw new JaildError('role-failed', 'the listener is stopping');
    const { workers } = this.#settings;
    const placement = planPlacement(workers, address, sourceKey);
    if (placement.kind === 'alone') {
      const singles = [...this.#members].filter(({ use }) => use === 'alone').length;
      if (singles >= workers.maxSingleWorkers)
        throw new JaildError('store-busy', `there are already ${singles} workers with one connection each`);
      return this.#addMember('alone', undefined);
    }
    const shared = [...this.#members].filter(({ use, link }) => use === 'shared' && link?.state !== 'draining');
    const key = placement.kind === 'address' ? placement.key : undefined;
    const choice = chooseWorker(
      placement,
      shared.map((member) => ({ key: member.key, load: member.waiting + (member.link?.load ?? 0) })),
      workers.maxWorkers,
    );
    if (choice === 'full') throw new JaildError('store-busy', 'there is no worker and none may be added');
    const chosen = choice === 'new' ? this.#addMember('shared', key) : shared[choice];
    if (chosen === undefined) throw new JaildError('internal', 'a worker was chosen that is not there');
    chosen.key ??= key;
    return chosen;
  }

  #addMember(use: Member['use'], key: string | undefined): Member {
    const spare = [...this.#spares].find((link) => link.state === 'ready');
    const started = spare === undefined ? this.#start() : Promise.resolve(spare);
    if (spare !== undefined) this.#spares.delete(spare);
    const member: Member = { use, key, waiting: 0, link: spare, started };
    this.#members.add(member);
    started.then(
      (link) => {
        member.link = link;
        if (this.#stop.signal.aborted) this.#retire(link);
      },
      () => {
        this.#members.delete(member); // told to everybody who waits for it
        this.#noteEmpty();
      },
    );
    this.#fillSpares();
    return member;
  }

  #start(): Promise<WorkerLink> {
    return startWorker(this.#broker, this.#settings, this.#workerEvents(), this.#log);
  }

  #workerEvents(): Omit<WorkerEvents, 'ready'> {
    return {
      closed: (link, connectionId) => {
        this.#events.closed(connectionId);
        this.#retireSingle(link);
      },
      needResume: (link, connectionId) => this.#events.needResume(link, connectionId),
      gone: (link, fault) => this.#onGone(link, fault),
    };
  }

  #onGone(link: WorkerLink, fault: JaildError | null): void {
    const retired = this.#retiring.delete(link) && link.load === 0;
    this.#spares.delete(link);
    const member = this.#memberOf(link);
    if (member !== undefined) this.#members.delete(member);
    const lost = link.connectionIds;
    const isKilled = this.#killed.has(link); // why was said before
    if (retired || isKilled) {
      this.#log.event('worker.retired', { worker: link.id, killed: isKilled, lostConnections: lost.length });
    } else {
      this.#log.event('worker.failed', {
        worker: link.id,
        workerPid: link.pid,
        lostConnections: lost.length,
        error: fault ?? undefined,
      });
    }
    this.#events.lost(link, lost);
    this.#fillSpares();
    this.#noteEmpty();
  }

  #memberOf(link: WorkerLink): Member | undefined {
    return [...this.#members].find((member) => member.link === link);
  }

  /** A worker for one connection ends with it. */
  #retireSingle(link: WorkerLink): void {
    if (link.load === 0 && this.#memberOf(link)?.use === 'alone') this.#retire(link);
  }

  #retire(link: WorkerLink): void {
    const member = this.#memberOf(link);
    if (member !== undefined) this.#members.delete(member);
    this.#spares.delete(link);
    this.#retiring.add(link);
    link.drain();
  }

  #fillSpares(): void {
    if (this.#stop.signal.aborted) return;
    while (this.#spares.size + this.#startingSpares < this.#settings.workers.spares) {
      this.#startingSpares += 1;
      void this.#addSpare();
    }
  }

  async #addSpare(): Promise<void> {
    try {
      const link = await this.#start();
      this.#startingSpares -= 1;
      this.#spares.add(link);
      if (this.#stop.signal.aborted) this.#retire(link);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#log.event('worker.failed', { error });
      await pause(this.#backOff.next(), this.#stop.signal);
      this.#startingSpares -= 1;
      this.#fillSpares();
    }
  }

  #tick(): void {
    const lagMs = monotonicMs() - this.#tickMs - aliveIntervalMs;
    this.#tickMs = monotonicMs();
    const all = [...this.#spares, ...this.#retiring, ...[...this.#members].flatMap(({ link }) => link ?? [])];
    for (const link of all) {
      if (lagMs > toleratedLagMs) link.forgiveSilence();
      else if (link.silentMs > this.#settings.workers.watchdogTimeMs) void this.#killHung(link);
    }
    const idle = [...this.#members].filter(
      ({ link, waiting }) => waiting === 0 && (link?.idleMs ?? 0) > this.#settings.workers.idleTimeMs,
    );
    for (const { link } of idle) if (link !== undefined) this.#retire(link);
  }

  async #killHung(link: WorkerLink): Promise<void> {
    this.#log.event('worker.hung', {
      worker: link.id,
      workerPid: link.pid,
      silentMs: Math.round(link.silentMs),
      connections: link.load,
    });
    await this.#kill(link);
  }

  /** Closing the control socket comes second: it tells a worker that it may finish in peace. */
  async #kill(link: WorkerLink): Promise<void> {
    link.forgiveSilence();
    this.#killed.add(link);
    try {
      await this.#broker.ask('kill-worker', { workerId: link.id }, 2000);
    } catch (error) {
      this.#log.event('worker.failed', { worker: link.id, error }); // expected: no broker; the next round tries again
      return;
    }
    link.close();
  }

  #noteEmpty(): void {
    if (this.#retiring.size + this.#members.size + this.#spares.size === 0) this.#onEmpty?.();
  }
}
