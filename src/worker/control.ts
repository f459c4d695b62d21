import { addon } from '../base/addon.js';
import type { JaildError } from '../errors/jaild-error.js';
import { type Frame, maxFrameBytes } from '../privsep/frame.js';
import { FrameSocket } from '../privsep/frame-socket.js';
import type { ConnectionMessage, FromWorker, ToWorker } from '../privsep/worker-control.js';
import type { HandedOver } from './connection.js';

/** What the listener tells a worker. */
export interface ControlHandlers {
  connection(handed: HandedOver): void;
  /** A new door for a live connection. */
  door(connectionId: string, fd: number): void;
  /** No more connections will come; end when the last has gone. */
  drain(): void;
  /** The listener is gone; `fault` when it spoke nonsense. */
  closed(fault: JaildError | null): void;
}

/** The control socket of a worker: the listener at its other end is trusted, a message of an unknown type is ignored. */
export class Control {
  readonly #socket: FrameSocket;
  readonly #handlers: ControlHandlers;

  /** Takes over `fd`. */
  constructor(fd: number, handlers: ControlHandlers) {
    this.#handlers = handlers;
    this.#socket = new FrameSocket(fd, maxFrameBytes, {
      frame: (frame) => this.#onFrame(frame),
      closed: (fault) => handlers.closed(fault),
    });
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  send(message: FromWorker): void {
    this.#socket.send(message);
  }

  close(): void {
    this.#socket.close();
  }

  #onFrame(frame: Frame): void {
    const message = frame.message as unknown as ToWorker;
    const [first, second] = frame.fds;
    if (message.type === 'connection' && first !== undefined && second !== undefined) {
      this.#handlers.connection(toHandedOver(message, first, second));
    } else if (message.type === 'resume-socket' && first !== undefined) {
      this.#handlers.door(message.connectionId, first);
    } else {
      for (const fd of frame.fds) addon.close(fd);
      if (message.type === 'drain') this.#handlers.drain();
      // `settings`: what a session may do comes with each connection's `begin`, so that a reload holds at once.
    }
  }
}

function toHandedOver(message: ConnectionMessage, socketFd: number, doorFd: number): HandedOver {
  const { connectionId, identification, deadlineMs } = message;
  return { connectionId, socketFd, doorFd, identification, graceMs: deadlineMs };
}
