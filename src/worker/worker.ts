import { addon } from '../base/addon.js';
import type { Log } from '../log/log.js';
import { aliveIntervalMs } from '../privsep/worker-control.js';
import { Connection, type HandedOver } from './connection.js';
import { Control } from './control.js';
import { type WorkerExit, workerExit } from './exit-codes.js';

/** The connections of one worker, under the orders of the listener. */
export class Worker {
  readonly #log: Log;
  readonly #control: Control;
  readonly #connections = new Map<string, Connection>();
  readonly #onEnd: (code: WorkerExit) => void;
  readonly #aliveTimer: NodeJS.Timeout;
  #draining = false;
  #ended = false;

  /** Takes over the control socket, says that the worker is ready; `onEnd` is called when there is nothing left to do. */
  constructor(controlFd: number, log: Log, onEnd: (code: WorkerExit) => void) {
    this.#log = log;
    this.#onEnd = onEnd;
    this.#control = new Control(controlFd, {
      connection: (handed) => this.#open(handed),
      door: (connectionId, fd) => this.#bringDoor(connectionId, fd),
      drain: () => this.#drain(),
      closed: (fault) => {
        if (fault !== null) {
          log.fault('control', fault);
          onEnd(workerExit.controlMalformed);
        }
        this.#drain();
      },
    });
    this.#control.send({ type: 'ready' });
    this.#aliveTimer = setInterval(() => this.#control.send({ type: 'alive' }), aliveIntervalMs);
    log.event('worker.ready');
  }

  #open(handed: HandedOver): void {
    const connection = new Connection(handed, this.#log, {
      closed: (connectionId) => this.#onClosed(connectionId),
      needsDoor: (connectionId) => this.#askForDoor(connectionId),
    });
    this.#connections.set(handed.connectionId, connection);
  }

  #bringDoor(connectionId: string, fd: number): void {
    const connection = this.#connections.get(connectionId);
    if (connection === undefined) addon.close(fd);
    else connection.adoptDoor(fd);
  }

  /** With the listener gone nobody can bring a new door: the connection ends. */
  #askForDoor(connectionId: string): void {
    if (this.#control.isClosed) this.#connections.get(connectionId)?.disconnect('The service was stopped.');
    else this.#control.send({ type: 'need-resume', connectionId });
  }

  #onClosed(connectionId: string): void {
    this.#connections.delete(connectionId);
    this.#control.send({ type: 'closed', connectionId });
    if (this.#draining) this.#endWhenEmpty();
  }

  #drain(): void {
    this.#draining = true;
    this.#endWhenEmpty();
  }

  #endWhenEmpty(): void {
    if (this.#connections.size > 0 || this.#ended) return;
    this.#ended = true;
    clearInterval(this.#aliveTimer);
    this.#log.event('worker.drained');
    this.#control.close();
    this.#onEnd(workerExit.drained);
  }
}
