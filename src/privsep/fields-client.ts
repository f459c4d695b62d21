import { addon } from '../base/addon.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Field, FieldsReader } from './fields.js';
import { type FieldsMessage, FieldsSocket } from './fields-socket.js';

export interface FieldsReply {
  readonly fields: FieldsReader;
  readonly fds: readonly number[];
}

interface Pending {
  resolve(reply: FieldsReply): void;
  reject(fault: unknown): void;
}

/** Question-and-answer client of the keeper or of one jail's keeper. Throws `keeper-failed` (with stage, step, errno) or `keeper-unreachable`. */
export class FieldsClient {
  readonly #what: string;
  readonly #socket: FieldsSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #onEvent: (name: string, fields: FieldsReader) => void;
  readonly #onClosed: (fault: JaildError | null) => void;
  #lastId = 0;

  /** Takes over `fd`; `what` names the other end in messages. */
  constructor(
    fd: number,
    what: string,
    handlers: {
      event?: (name: string, fields: FieldsReader) => void;
      closed?: (fault: JaildError | null) => void;
    } = {},
  ) {
    this.#what = what;
    this.#onEvent = handlers.event ?? (() => {});
    this.#onClosed = handlers.closed ?? (() => {});
    this.#socket = new FieldsSocket(fd, {
      message: (message) => this.#onMessage(message),
      closed: (fault) => this.#failAll(fault),
    });
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  /** Asks `op`; takes over `fds`. The descriptors of the reply belong to the caller. */
  ask(
    op: string,
    fields: readonly Field[],
    options: { fds?: readonly number[]; deadlineMs: number },
  ): Promise<FieldsReply> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(
          new JaildError('keeper-unreachable', `${this.#what} did not answer "${op}" within ${options.deadlineMs} ms`),
        );
      }, options.deadlineMs);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        act();
      };
      this.#pending.set(id, {
        resolve: (reply) => settle(() => resolve(reply)),
        reject: (fault) => settle(() => reject(fault)),
      });
      try {
        this.#socket.send([['op', op], ['id', id], ...fields], options.fds);
      } catch (fault) {
        // Expected: a value outside the format, or the socket is closed.
        this.#take(id)?.reject(fault);
      }
    });
  }

  close(): void {
    this.#socket.close();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #onMessage(message: FieldsMessage): void {
    const event = message.fields.text('ev');
    if (event !== undefined) {
      closeAll(message.fds);
      this.#onEvent(event, message.fields);
      return;
    }
    const pending = this.#take(message.fields.requireNumber('id'));
    if (pending === undefined) {
      closeAll(message.fds); // the answer to a question whose time was over
      return;
    }
    if (message.fields.requireText('ok') === '1') {
      pending.resolve(message);
      return;
    }
    closeAll(message.fds);
    pending.reject(toFailure(this.#what, message.fields));
  }

  #failAll(fault: JaildError | null): void {
    for (const pending of this.#pending.values()) {
      pending.reject(new JaildError('keeper-unreachable', `${this.#what} closed before it answered`, { cause: fault }));
    }
    this.#pending.clear();
    this.#onClosed(fault);
  }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) addon.close(fd);
}

/** The fault that a reply or event with stage, step, path, errno and message describes. */
export function toFailure(what: string, fields: FieldsReader): JaildError {
  const stage = fields.text('stage') ?? '';
  const step = fields.text('step') ?? '';
  const path = fields.text('path') ?? '';
  const errno = fields.number('errno') ?? 0;
  const message = fields.text('message') ?? 'failed';
  const where = [stage, step, path].filter((part) => part !== '').join(' ');
  return new JaildError('keeper-failed', `${what}: ${where === '' ? message : `${where}: ${message}`}`, {
    fields: { stage, step, path, errno },
  });
}
