import { addon, type Watch } from '../../../src/base/addon.js';
import { FrameSocket } from '../../../src/privsep/frame-socket.js';
import type { ListenerSettings } from '../../../src/privsep/worker-control.js';

/** What the far end of a listener looks like: a broker on its socket, and workers that only remember what they are told. */
export class FixtureBroker {
  readonly workers: FixtureWorker[] = [];
  readonly killed: string[] = [];
  readonly doors: { question: Readonly<Record<string, unknown>>; end: number }[] = [];
  settings: ListenerSettings;
  /** What `start-worker` does next. */
  startsWorkers: 'ready' | 'silent' | 'fails' = 'ready';
  readonly #fd: number;
  readonly #watch: Watch;
  readonly #sockets = new Set<FrameSocket>();

  constructor(path: string, settings: ListenerSettings) {
    this.settings = settings;
    this.#fd = addon.listenUnix(path, 'stream', 0o600);
    this.#watch = addon.watch(this.#fd, { readable: true }, () => {
      const accepted = addon.accept(this.#fd);
      if (accepted !== null) this.#serve(accepted.fd);
    });
  }

  tell(event: string, fields: object = {}): void {
    for (const socket of this.#sockets) socket.send({ event, ...fields });
  }

  /** Ends as a killed broker does: its sockets close, its workers live on. */
  close(): void {
    this.#watch.close();
    addon.close(this.#fd);
    for (const socket of this.#sockets) socket.close();
  }

  closeWorkers(): void {
    for (const worker of this.workers) worker.socket.close();
    for (const { end } of this.doors) addon.close(end);
  }

  #serve(fd: number): void {
    const socket: FrameSocket = new FrameSocket(fd, 65_536, {
      frame: ({ message }) => {
        const { request, id, ...question } = message;
        const { answer, fds } = this.#answer(String(request), question);
        socket.send({ id, ok: true, ...answer }, fds);
      },
      closed: () => this.#sockets.delete(socket),
    });
    this.#sockets.add(socket);
  }

  #answer(request: string, question: Readonly<Record<string, unknown>>): { answer: object; fds: number[] } {
    if (request === 'configuration') return { answer: this.settings, fds: [] };
    if (request === 'kill-worker') {
      this.killed.push(String(question['workerId']));
      this.workers.find(({ id }) => id === question['workerId'])?.socket.close();
      return { answer: {}, fds: [] };
    }
    const [near, far] = addon.socketPair('stream');
    if (request === 'open-door') {
      this.doors.push({ question, end: near });
      return {
        answer: { outcome: 'opened', connectionId: `c${this.doors.length}`, graceDeadlineMs: 60_000 },
        fds: [far],
      };
    }
    if (this.startsWorkers === 'fails') {
      addon.close(near);
      addon.close(far);
      return { answer: { outcome: 'failed', text: 'no' }, fds: [] };
    }
    const worker = new FixtureWorker(`w${this.workers.length + 1}`, near);
    this.workers.push(worker);
    if (this.startsWorkers === 'ready') worker.socket.send({ type: 'ready' });
    return { answer: { outcome: 'started', workerId: worker.id, pid: 1000 + this.workers.length }, fds: [far] };
  }
}

export class FixtureWorker {
  readonly id: string;
  readonly socket: FrameSocket;
  readonly messages: Readonly<Record<string, unknown>>[] = [];
  /** TCP sockets it got, by connection. */
  readonly sockets = new Map<string, number>();
  drained = false;

  constructor(id: string, fd: number) {
    this.id = id;
    this.socket = new FrameSocket(fd, 65_536, {
      frame: ({ message, fds }) => {
        this.messages.push(message);
        const [tcp, door] = fds;
        if (door !== undefined) addon.close(door);
        if (tcp !== undefined) this.sockets.set(String(message['connectionId']), tcp);
        if (message['type'] === 'drain') {
          this.drained = true;
          this.#endWhenEmpty();
        }
      },
      closed: () => {
        for (const tcp of this.sockets.values()) addon.close(tcp);
        this.sockets.clear();
      },
    });
  }

  /** Ends one connection as a worker does. */
  end(connectionId: string): void {
    const tcp = this.sockets.get(connectionId);
    this.sockets.delete(connectionId);
    if (tcp !== undefined) addon.close(tcp);
    this.socket.send({ type: 'closed', connectionId });
    if (this.drained) this.#endWhenEmpty();
  }

  #endWhenEmpty(): void {
    if (this.sockets.size === 0) setImmediate(() => this.socket.close());
  }
}
