import { monotonicMs } from '../base/deadline.js';
import type { JaildError } from '../errors/jaild-error.js';
import { FrameSocket } from '../privsep/frame-socket.js';
import {
  type ConnectionMessage,
  type ListenerSettings,
  readFromWorker,
  type ToWorker,
} from '../privsep/worker-control.js';

/** A worker says little; more than this in one message is a fault. */
const maxMessageBytes = 4096;

export interface WorkerEvents {
  ready(worker: WorkerLink): void;
  /** One of its own connections has ended. */
  closed(worker: WorkerLink, connectionId: string): void;
  needResume(worker: WorkerLink, connectionId: string): void;
  /** The control socket ended: the worker is gone, or broke the rules (`fault`). */
  gone(worker: WorkerLink, fault: JaildError | null): void;
}

/** The listener's end of one worker. Owns the control socket. */
export class WorkerLink {
  readonly id: string;
  readonly pid: number;
  readonly #socket: FrameSocket;
  readonly #events: WorkerEvents;
  readonly #connections = new Set<string>();
  #state: 'starting' | 'ready' | 'draining' = 'starting';
  #heardMs = monotonicMs();
  #idleSinceMs = monotonicMs();

  constructor(
    identity: { id: string; pid: number; control: number },
    session: ListenerSettings['session'],
    events: WorkerEvents,
  ) {
    this.id = identity.id;
    this.pid = identity.pid;
    this.#events = events;
    this.#socket = new FrameSocket(identity.control, maxMessageBytes, {
      frame: ({ message, fds }) => this.#onMessage(message, fds),
      closed: (fault) => this.#events.gone(this, fault),
    });
    this.#send({ type: 'settings', session });
  }

  get state(): 'starting' | 'ready' | 'draining' | 'gone' {
    return this.#socket.isClosed ? 'gone' : this.#state;
  }

  /** How many connections it serves. */
  get load(): number {
    return this.#connections.size;
  }

  get connectionIds(): readonly string[] {
    return [...this.#connections];
  }

  /** How long nothing was heard of it. */
  get silentMs(): number {
    return monotonicMs() - this.#heardMs;
  }

  get idleMs(): number {
    return this.load > 0 ? 0 : monotonicMs() - this.#idleSinceMs;
  }

  /** Hands a connection over; takes both descriptors in every case. */
  hand(connection: Omit<ConnectionMessage, 'type'>, tcp: number, door: number): void {
    this.#connections.add(connection.connectionId);
    this.#send({ type: 'connection', ...connection }, [tcp, door]);
  }

  /** The broker says that the connection has ended. */
  forget(connectionId: string): void {
    if (this.#connections.delete(connectionId)) this.#noteIdle();
  }

  sendResumeSocket(connectionId: string, fd: number): void {
    this.#send({ type: 'resume-socket', connectionId }, [fd]);
  }

  /** It gets no connection any more and ends with its last one. */
  drain(): void {
    if (this.#state === 'draining') return;
    this.#state = 'draining';
    this.#send({ type: 'drain' });
  }

  /** Forgives the silence: it was this process that stood still. */
  forgiveSilence(): void {
    this.#heardMs = monotonicMs();
  }

  close(): void {
    this.#socket.close();
  }

  #send(message: ToWorker, fds: readonly number[] = []): void {
    this.#socket.send(message, fds);
  }

  #onMessage(raw: Readonly<Record<string, unknown>>, fds: readonly number[]): void {
    this.#heardMs = monotonicMs();
    const message = readFromWorker(raw);
    if (message === undefined || fds.length > 0) {
      this.#socket.close();
      return;
    }
    if (message.type === 'ready' && this.#state === 'starting') {
      this.#state = 'ready';
      this.#idleSinceMs = monotonicMs();
      this.#events.ready(this);
    } else if ('connectionId' in message && this.#connections.has(message.connectionId)) {
      if (message.type === 'need-resume') this.#events.needResume(this, message.connectionId);
      else {
        this.forget(message.connectionId);
        this.#events.closed(this, message.connectionId);
      }
    }
  }

  #noteIdle(): void {
    if (this.load === 0) this.#idleSinceMs = monotonicMs();
  }
}
