import { toAdminText } from '../errors/presentation.js';
import type { Phase, ReadQuestion, RequestName, Role } from '../privsep/request-table.js';
import { answerConfiguration } from './answers/configuration.js';
import { answerOpenDoor } from './answers/open-door.js';
import { answerKillWorker, answerStartWorker } from './answers/workers.js';
import type { BrokerContext } from './context.js';
import { Door, type DoorOwner, type Reply, refuse } from './dispatch.js';

type Answers = {
  readonly [N in 'open-door' | 'start-worker' | 'kill-worker' | 'configuration']: (
    context: BrokerContext,
    question: ReadQuestion<N>,
  ) => Promise<Reply<N>>;
};

const answers: Answers = {
  'open-door': answerOpenDoor,
  'start-worker': answerStartWorker,
  'kill-worker': answerKillWorker,
  configuration: answerConfiguration,
};

/** Names that have an answer here; a test holds them against the request table. */
export const answeredToListeners = Object.keys(answers) as (keyof Answers)[];

const roles: readonly Role[] = ['listener'];

/** The broker's side of the listener's socket. */
export class ListenerDoor implements DoorOwner {
  readonly roles = roles;
  readonly #context: BrokerContext;
  readonly #door: Door;

  /** Takes over `fd`. */
  constructor(fd: number, context: BrokerContext) {
    this.#context = context;
    this.#door = new Door(fd, this);
    context.listeners.add(this.#door);
  }

  phase(): Phase {
    return 'standing';
  }

  async answer<N extends RequestName>(name: N, question: ReadQuestion<N>): Promise<Reply<N>> {
    if (!Object.hasOwn(answers, name)) throw refuse('this request has no answer here');
    const answer = answers[name as keyof Answers] as (
      context: BrokerContext,
      asked: never,
    ) => Promise<Reply<RequestName>>;
    return (await answer(this.#context, question as never)) as Reply<N>;
  }

  toText(error: unknown): string {
    this.#context.log.fault('answering the listener', error);
    return toAdminText(error).slice(0, 1000);
  }

  violated(reason: string, request: string): void {
    this.#context.log.event('door.violated', { by: 'listener', reason, untrusted: { request } });
    this.#context.audit.record('door.violated', { by: 'listener', reason, untrusted: { request } });
  }

  closed(): void {
    this.#context.listeners.remove(this.#door);
  }
}
