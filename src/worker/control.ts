import { addon } from '../base/addon.js';
import { type JaildError, isJaildError } from '../errors/jaild-error.js';
import { type Frame, maxFrameBytes } from '../privsep/frame.js';
import { FrameSocket } from '../privsep/frame-socket.js';
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

/** Words of a worker to the listener. */
export type ControlMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'alive' }
  | { readonly type: 'closed'; readonly connectionId: string }
  | { readonly type: 'need-resume'; readonly connectionId: string };

const identPrefix = 'SSH-2.0-';

/** The control socket of a worker: the listener at its other end is trusted, a message of an unknown type is ignored. */
export class Control {
  readonly #socket: FrameSocket;
  readonly #handlers: ControlHandlers;
  #identification = 'jaild';

  /** Takes over `fd`. */
  constructor(fd: number, handlers: ControlHandlers) {
    this.#handlers = handlers;
    this.#socket = new FrameSocket(fd, maxFrameBytes, {
      frame: (frame) => this.#onFrame(frame),
      closed: (fault) => handlers.closed(isJaildError(fault) ? fault : null),
    });
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  send(message: ControlMessage): void {
    this.#socket.send(message);
  }

  close(): void {
    this.#socket.close();
  }

  #onFrame({ message, fds }: Frame): void {
    const { type, connectionId } = message;
    const [first, second] = fds;
    if (type === 'connection' && typeof connectionId === 'string' && first !== undefined && second !== undefined) {
      this.#handlers.connection({
        connectionId,
        socketFd: first,
        doorFd: second,
        identification: toIdentification(message['identification']) ?? this.#identification,
        graceMs: typeof message['deadlineMs'] === 'number' ? message['deadlineMs'] : 0,
      });
      return;
    }
    if (type === 'resume-socket' && typeof connectionId === 'string' && first !== undefined) {
      this.#handlers.door(connectionId, first);
      return;
    }
    for (const fd of fds) addon.close(fd);
    if (type === 'settings') this.#identification = toIdentification(message['identification']) ?? this.#identification;
    if (type === 'drain') this.#handlers.drain();
  }
}

function toIdentification(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.startsWith(identPrefix) ? value.slice(identPrefix.length) : value;
}
