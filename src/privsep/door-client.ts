import { addon } from '../base/addon.js';
import { codes, type ErrorCode } from '../errors/codes.js';
import { JaildError } from '../errors/jaild-error.js';
import type { DoorEventName, DoorEvents } from './door-events.js';
import { type Frame, maxFrameBytes } from './frame.js';
import { FrameSocket } from './frame-socket.js';
import type { Answer, Question, RequestName } from './request-table.js';

/** An answer with its descriptors, which belong to the asker. */
export interface Answered<N extends RequestName> {
  readonly answer: Answer<N>;
  readonly fds: readonly number[];
}

interface Pending {
  readonly name: RequestName;
  settle(frame: Frame): void;
  fail(fault: JaildError): void;
}

const defaultDeadlineMs = 100_000;

/**
 * Client end of a door: questions with their answers, in any order, and events. It trusts the broker, so that it needs no
 * schema code (a worker stays small). `ask` throws JaildError: the broker's own code when it is one of ours, `door-refused`,
 * `door-closed`, `door-timeout`.
 */
export class DoorClient {
  readonly #socket: FrameSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, ((event: never) => void)[]>();
  readonly #closeListeners: ((fault: JaildError | null) => void)[] = [];
  #lastId = 0;

  /** Takes over `fd`, a connected stream socket. */
  constructor(fd: number) {
    this.#socket = new FrameSocket(fd, maxFrameBytes, {
      frame: (frame) => this.#onFrame(frame),
      closed: (fault) => this.#onClosed(fault),
    });
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  /** Asks and waits for the answer. */
  ask<N extends RequestName>(name: N, question: Question<N>, deadlineMs = defaultDeadlineMs): Promise<Answered<N>> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      if (this.#socket.isClosed) {
        reject(new JaildError('door-closed', `the door closed before "${name}" was asked`));
        return;
      }
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new JaildError('door-timeout', `no answer to "${name}" within ${deadlineMs} ms`));
      }, deadlineMs);
      this.#pending.set(id, {
        name,
        settle: (frame) => {
          clearTimeout(timer);
          try {
            resolve(readReply(name, frame));
          } catch (fault) {
            // Expected: the broker's refusal as a JaildError.
            reject(fault);
          }
        },
        fail: (fault) => {
          clearTimeout(timer);
          reject(fault);
        },
      });
      this.#socket.send({ ...question, id, request: name });
    });
  }

  /** Asks while the event loop stands still: for signing inside key exchange, where the library wants its answer at once. */
  askBlocking<N extends RequestName>(name: N, question: Question<N>, deadlineMs: number): Answered<N> {
    const id = (this.#lastId += 1);
    const frame = this.#socket.exchangeBlocking(
      { ...question, id, request: name },
      (reply) => reply.message['id'] === id,
      deadlineMs,
    );
    return readReply(name, frame);
  }

  /** Calls `listener` at each event of this name. */
  on<E extends DoorEventName>(name: E, listener: (event: DoorEvents[E]) => void): void {
    const listeners = this.#listeners.get(name) ?? [];
    listeners.push(listener as (event: never) => void);
    this.#listeners.set(name, listeners);
  }

  /** Calls `listener` once when the door has ended: with null when one of the two sides closed it in good order. */
  onClose(listener: (fault: JaildError | null) => void): void {
    this.#closeListeners.push(listener);
  }

  close(): void {
    this.#socket.close();
  }

  #onFrame(frame: Frame): void {
    const { id, event, ...rest } = frame.message;
    if (typeof event === 'string') {
      closeAll(frame.fds);
      for (const listener of this.#listeners.get(event) ?? []) listener(rest as never);
      return;
    }
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (pending === undefined) {
      closeAll(frame.fds); // the answer to a question whose time was over
      return;
    }
    this.#pending.delete(id as number);
    pending.settle(frame);
  }

  #onClosed(fault: JaildError | null): void {
    for (const pending of this.#pending.values()) {
      pending.fail(
        new JaildError('door-closed', `the door closed before "${pending.name}" was answered`, { cause: fault }),
      );
    }
    this.#pending.clear();
    for (const listener of this.#closeListeners.splice(0)) listener(fault);
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) addon.close(fd);
}

function readReply<N extends RequestName>(name: N, frame: Frame): Answered<N> {
  const { id: _id, ok, error, ...answer } = frame.message;
  if (ok === true) {
    return { answer: answer as Answer<N>, fds: frame.fds };
  }
  closeAll(frame.fds);
  const { code, text } = (error ?? {}) as { code?: unknown; text?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(codes, code) ? (code as ErrorCode) : 'door-refused';
  throw new JaildError(known, typeof text === 'string' ? text : 'refused', { fields: { request: name } });
}
