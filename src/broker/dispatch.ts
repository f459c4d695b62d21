import { addon } from '../base/addon.js';
import { DeadlineError, withDeadline } from '../base/deadline.js';
import { JaildError } from '../errors/jaild-error.js';
import { codeOf } from '../errors/presentation.js';
import type { DoorEventName, DoorEvents } from '../privsep/door-events.js';
import type { Frame } from '../privsep/frame.js';
import { FrameSocket } from '../privsep/frame-socket.js';
import {
  type Answer,
  isRequestName,
  largestQuestionBytes,
  type Phase,
  type ReadQuestion,
  type RequestName,
  type RequestRow,
  type Role,
  requestTable,
} from '../privsep/request-table.js';

/** A good answer. Its descriptors are taken over and closed once they were sent. */
export interface Reply<N extends RequestName> {
  readonly answer: Answer<N>;
  readonly fds?: readonly number[];
}

/** What stands behind one door connection: who is there, in which phase, and who answers. */
export interface DoorOwner {
  readonly roles: readonly Role[];
  /** Asked anew for every question. */
  phase(): Phase;
  answer<N extends RequestName>(name: N, question: ReadQuestion<N>): Promise<Reply<N>>;
  /** How a fault is told to this peer; what it says must be fit for them. */
  toText(error: unknown): string;
  /** The peer broke the rules of the table and its connection ends. */
  violated(reason: string, request: string): void;
  closed(): void;
}

/** Questions of one peer that are being answered at one time; more are read when one of them is done. */
const maxPending = 32;

/**
 * The broker's end of one door connection. It can only answer what the request table permits to this peer, in this phase, so often and of
 * this shape and size; anything else ends the connection and is reported. There is no other way to a handler.
 */
export class Door {
  readonly #socket: FrameSocket;
  readonly #owner: DoorOwner;
  readonly #asked = new Set<RequestName>();
  #pending = 0;

  /** Takes over `fd`. */
  constructor(fd: number, owner: DoorOwner) {
    this.#owner = owner;
    this.#socket = new FrameSocket(fd, largestQuestionBytes(owner.roles, owner.phase()), {
      frame: (frame) => this.#onFrame(frame),
      closed: (fault) => {
        if (fault !== null && fault.code !== 'door-closed') owner.violated(fault.message, '');
        owner.closed();
      },
    });
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  send<E extends DoorEventName>(event: E, facts: DoorEvents[E]): void {
    this.#socket.send({ event, ...facts });
  }

  close(): void {
    this.#socket.close();
  }

  #onFrame(frame: Frame): void {
    const { request, id, ...rest } = frame.message;
    const name = typeof request === 'string' ? request.slice(0, 64) : '';
    const refusal = this.#findRefusal(frame, request, id);
    if (refusal !== null) {
      for (const fd of frame.fds) addon.close(fd);
      return this.#violate(refusal, name, id);
    }
    const row: RequestRow = requestTable[request as RequestName];
    const question = row.question.safeParse(rest);
    if (!question.success) return this.#violate('the question has not the shape of the table', name, id);
    this.#asked.add(request as RequestName);
    void this.#serve(request as RequestName, id as number, row, question.data);
  }

  #findRefusal(frame: Frame, request: unknown, id: unknown): string | null {
    if (frame.fds.length > 0) return 'a question came with descriptors';
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return 'a question has no number';
    if (!isRequestName(request)) return 'there is no such request';
    const row: RequestRow = requestTable[request];
    if (!row.who.some((role) => this.#owner.roles.includes(role))) return 'the request is not for this peer';
    if (!row.phases.includes(this.#owner.phase())) return 'the request is not for this phase';
    if (row.once && this.#asked.has(request)) return 'the request may be made once';
    return frame.bytes > row.maxQuestionBytes ? 'the question is too large' : null;
  }

  /** People get to know why; a worker that asks for what it may not is broken or taken over, and learns nothing. */
  #violate(reason: string, request: string, id: unknown): void {
    this.#owner.violated(reason, request);
    if (!this.#owner.roles.includes('worker')) {
      this.#socket.send({
        id: typeof id === 'number' ? id : 0,
        ok: false,
        error: { code: 'door-refused', text: reason },
      });
    }
    this.#socket.close();
  }

  async #serve(name: RequestName, id: number, row: RequestRow, question: unknown): Promise<void> {
    this.#pending += 1;
    if (this.#pending >= maxPending) this.#socket.setReading(false);
    try {
      const reply = await this.#answerInTime(name, row, question);
      const answer = row.answer.parse(reply.answer) as object;
      this.#socket.send({ ...answer, id, ok: true }, reply.fds);
    } catch (error) {
      const text = this.#owner.toText(error);
      this.#socket.send({
        id,
        ok: false,
        error: { code: error instanceof DeadlineError ? 'door-timeout' : codeOf(error), text },
      });
    } finally {
      this.#pending -= 1;
      if (!this.#socket.isClosed) {
        this.#socket.setLimit(largestQuestionBytes(this.#owner.roles, this.#owner.phase()));
        if (this.#pending === maxPending - 1) this.#socket.setReading(true);
      }
    }
  }

  /** A handler that is late goes on by itself; what it then still brings is closed. */
  async #answerInTime(name: RequestName, row: RequestRow, question: unknown): Promise<Reply<RequestName>> {
    const work = this.#owner.answer(name, question as never) as Promise<Reply<RequestName>>;
    try {
      return await withDeadline(work, row.deadlineMs, `the answer to ${name}`);
    } catch (error) {
      if (error instanceof DeadlineError) {
        work.then((late) => late.fds?.forEach((fd) => addon.close(fd))).catch(() => undefined); // expected: its own fault, too late for anybody
      }
      throw error;
    }
  }
}

/** A refusal that a handler answers with on purpose. */
export function refuse(text: string): JaildError {
  return new JaildError('door-refused', text);
}
