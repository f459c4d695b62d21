import { monotonicMs } from '../base/deadline.js';
import { codes } from '../errors/codes.js';
import { codeOf, toUserText } from '../errors/presentation.js';
import type { Log } from '../log/log.js';
import type { Phase, ReadQuestion, RequestName, Role } from '../privsep/request-table.js';
import { answerBegin } from './answers/begin.js';
import { answerCheckPassword, answerCheckPublicKey } from './answers/check-credential.js';
import { answerEnd } from './answers/end.js';
import { answerOpenConnection, answerOpenListener } from './answers/open-channel.js';
import { answerOpenSession } from './answers/open-session.js';
import { answerResume } from './answers/resume.js';
import { answerSignExchange } from './answers/sign-exchange.js';
import type { AuthenticatedAccount } from './authenticated-account.js';
import type { WorkerCall, WorkerDoorHandle } from './call.js';
import {
  type AnonymousConnection,
  type AuthenticatedConnection,
  type Connection,
  type LiveConnection,
  type ResumingConnection,
  toAuthenticated,
} from './connection.js';
import type { BrokerContext } from './context.js';
import { Door, type DoorOwner, type Reply, refuse } from './dispatch.js';

type Answerer<C extends Connection, N extends RequestName> = (
  call: WorkerCall<C>,
  question: ReadQuestion<N>,
) => Promise<Reply<N>>;
type Answers<C extends Connection, N extends RequestName> = { readonly [Name in N]: Answerer<C, Name> };

/** Who answers what, by the phase that an answer needs. A request of a worker that is missing here does not compile below. */
const resuming: Answers<ResumingConnection, 'resume'> = { resume: answerResume };
const anonymous: Answers<AnonymousConnection, 'begin' | 'check-publickey' | 'check-password'> = {
  begin: answerBegin,
  'check-publickey': answerCheckPublicKey,
  'check-password': answerCheckPassword,
};
const authenticated: Answers<AuthenticatedConnection, 'open-session' | 'open-connection' | 'open-listener'> = {
  'open-session': answerOpenSession,
  'open-connection': answerOpenConnection,
  'open-listener': answerOpenListener,
};
const live: Answers<LiveConnection, 'sign-exchange' | 'end'> = { 'sign-exchange': answerSignExchange, end: answerEnd };

/** Time for a worker to tell its client why, before its door closes. */
const terminateMs = 2000;

const roles: readonly Role[] = ['worker'];

/** The broker's side of one SSH connection. Its state only moves forward; its door is all that a worker has. */
export class WorkerDoor implements DoorOwner, WorkerDoorHandle {
  readonly roles = roles;
  readonly #context: BrokerContext;
  readonly #door: Door;
  #connection: Connection;
  #grace: NodeJS.Timeout | undefined;
  #log: Log;
  #lastWord: { reason: string; bytesIn: number; bytesOut: number } | undefined;
  #isReleased = false;

  /** Takes over `fd`, the broker's end. */
  constructor(fd: number, connection: AnonymousConnection | ResumingConnection, context: BrokerContext) {
    this.#context = context;
    this.#connection = connection;
    this.#log = context.log;
    this.#door = new Door(fd, this);
    if (connection.phase === 'before-login') this.#register(connection);
    const graceEndMs = connection.phase === 'before-login' ? connection.graceEndMs : monotonicMs() + terminateMs;
    this.#grace = setTimeout(() => this.#onGraceOver(), Math.max(0, graceEndMs - monotonicMs()));
  }

  phase(): Phase {
    return this.#connection.phase;
  }

  /** The connection as it is now, for lists. */
  connection(): LiveConnection {
    if (this.#connection.phase === 'resuming') throw new Error('a resume door has no connection yet');
    return this.#connection;
  }

  answer<N extends RequestName>(name: N, question: ReadQuestion<N>): Promise<Reply<N>> {
    return this.#route(name as unknown as keyof typeof requestsOfWorkers, question as never) as Promise<Reply<N>>;
  }

  terminate(code: string, text: string): void {
    this.#door.send('terminate', { code, text });
    setTimeout(() => this.#door.close(), terminateMs).unref();
  }

  /** Closes the door because the broker ends; the connection may come back to the next one. */
  release(): void {
    this.#isReleased = true;
    this.#door.close();
  }

  login(account: AuthenticatedAccount): Promise<AuthenticatedConnection> {
    const before = this.#connection;
    if (before.phase !== 'before-login' || this.#door.isClosed)
      return Promise.reject(refuse('the connection has ended'));
    const connection = toAuthenticated(before, account);
    this.#move(connection);
    this.#context.listeners.tell('connection-authenticated', {
      connectionId: before.from.connectionId,
      account: account.account,
    });
    return Promise.resolve(connection);
  }

  restore(connection: AuthenticatedConnection): void {
    this.#move(connection);
    this.#register(connection);
    this.#context.listeners.tell('connection-authenticated', {
      connectionId: connection.from.connectionId,
      account: connection.account.account,
    });
  }

  finish(reason: string, bytesIn: number, bytesOut: number): void {
    this.#lastWord = { reason, bytesIn, bytesOut };
  }

  violate(reason: string, request: string): never {
    this.violated(reason, request);
    this.#door.close();
    throw refuse(reason);
  }

  violated(reason: string, request: string): void {
    const facts = { phase: this.phase(), reason, untrusted: { request } };
    this.#log.event('door.violated', facts);
    this.#context.audit.record('door.violated', { ...this.#ids(), ...facts });
  }

  /** A worker may show this to its client: nothing of the host is in it. */
  toText(error: unknown): string {
    const code = codeOf(error);
    if (code === 'internal') this.#log.fault('answering a worker', error);
    return code === 'internal' ? toUserText(error) : codes[code].user;
  }

  closed(): void {
    clearTimeout(this.#grace);
    const connection = this.#connection;
    if (connection.phase === 'resuming') return;
    if (!this.#context.connections.remove(connection.from.connectionId, this) || this.#isReleased) return;
    this.#context.resume
      .forget(connection.from.connectionId)
      .catch((error: unknown) => this.#log.fault('forgetting a connection', error));
    this.#context.listeners.tell('connection-ended', { connectionId: connection.from.connectionId });
    if (connection.phase === 'after-login') {
      const { reason = 'the worker is gone', ...counts } = this.#lastWord ?? {};
      this.#context.audit.record('connection.ended', {
        ...this.#ids(),
        ...counts,
        lastedMs: Date.now() - connection.from.openedMs,
        untrusted: { reason },
      });
      this.#context.watchers.tell({
        what: 'connection-ended',
        connectionId: connection.from.connectionId,
        account: connection.account.account,
      });
    }
  }

  async #route(name: keyof typeof requestsOfWorkers, question: never): Promise<Reply<RequestName>> {
    const { phase } = this.#connection;
    const call = { context: this.#context, connection: this.#connection as never, door: this };
    if (name in live && phase !== 'resuming') return await live[name as keyof typeof live](call, question);
    if (name in anonymous && phase === 'before-login')
      return await anonymous[name as keyof typeof anonymous](call, question);
    if (name in authenticated && phase === 'after-login')
      return await authenticated[name as keyof typeof authenticated](call, question);
    if (name in resuming && phase === 'resuming') return await resuming[name as keyof typeof resuming](call, question);
    throw refuse('this request has no answer in this phase');
  }

  #move(connection: AuthenticatedConnection): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.#connection = connection;
  }

  #register(connection: LiveConnection): void {
    this.#log = this.#context.log.child({ connection: connection.from.connectionId });
    this.#context.connections.add(connection.from.connectionId, this);
  }

  #onGraceOver(): void {
    if (this.#connection.phase === 'after-login') return;
    if (this.#connection.phase === 'before-login') this.terminate('grace', 'The time to log in is over.');
    else this.#door.close();
  }

  #ids(): { connection?: string; account?: string; jail?: string } {
    const connection = this.#connection;
    if (connection.phase === 'resuming') return {};
    const { connectionId } = connection.from;
    if (connection.phase === 'before-login') return { connection: connectionId };
    return { connection: connectionId, account: connection.account.account, jail: connection.account.jail };
  }
}

const requestsOfWorkers = { ...resuming, ...anonymous, ...authenticated, ...live };

/** Names that have an answer here; a test holds them against the request table. */
export const answeredToWorkers = Object.keys(requestsOfWorkers) as (keyof typeof requestsOfWorkers)[];
