import { isAccountName, isJailName } from '../base/brands.js';
import { codeOf, toAdminText } from '../errors/presentation.js';
import type { Phase, ReadQuestion, RequestName, Role } from '../privsep/request-table.js';
import { answerAdminOpenSession } from './answers/admin-open-session.js';
import { answerKill, answerStart, answerStop } from './answers/jail-power.js';
import { answerList } from './answers/list.js';
import { answerDrain, answerReload, answerStatus, answerWatch } from './answers/server.js';
import { answerShow } from './answers/show.js';
import type { AdminPeer } from './authorize.js';
import type { AdminCall } from './call.js';
import type { BrokerContext } from './context.js';
import { Door, type DoorOwner, type Reply, refuse } from './dispatch.js';
import { mayWithAccount, mayWithJail } from './visible.js';
import type { Activity } from './watch-hub.js';

type AdminRequest =
  | 'status'
  | 'list'
  | 'show'
  | 'watch'
  | 'start'
  | 'stop'
  | 'kill'
  | 'admin-open-session'
  | 'reload'
  | 'drain';
type Answers = { readonly [N in AdminRequest]: (call: AdminCall, question: ReadQuestion<N>) => Promise<Reply<N>> };

const answers: Answers = {
  status: answerStatus,
  list: answerList,
  show: answerShow,
  watch: answerWatch,
  start: answerStart,
  stop: answerStop,
  kill: answerKill,
  'admin-open-session': answerAdminOpenSession,
  reload: answerReload,
  drain: answerDrain,
};

/** Names that have an answer here; a test holds them against the request table. */
export const answeredToAdmins = Object.keys(answers) as AdminRequest[];

/** The broker's side of one local client. */
export class AdminDoor implements DoorOwner, AdminCall {
  readonly context: BrokerContext;
  readonly peer: AdminPeer;
  readonly #door: Door;
  #unsubscribe: () => void = () => undefined;

  /** Takes over `fd`. */
  constructor(fd: number, peer: AdminPeer, context: BrokerContext) {
    this.context = context;
    this.peer = peer;
    this.#door = new Door(fd, this);
  }

  get roles(): readonly Role[] {
    return this.peer.roles;
  }

  phase(): Phase {
    return 'standing';
  }

  subscribe(): void {
    this.#unsubscribe = this.context.watchers.add({
      maySee: (activity) => this.#maySee(activity),
      tell: (activity) => this.#door.send('activity', activity),
    });
  }

  async answer<N extends RequestName>(name: N, question: ReadQuestion<N>): Promise<Reply<N>> {
    if (!Object.hasOwn(answers, name)) throw refuse('this request has no answer here');
    const answer = answers[name as unknown as AdminRequest] as (
      call: AdminCall,
      asked: never,
    ) => Promise<Reply<RequestName>>;
    return (await answer(this, question as never)) as Reply<N>;
  }

  toText(error: unknown): string {
    if (codeOf(error) === 'internal') this.context.log.fault('answering an admin', error);
    return toAdminText(error).slice(0, 8000);
  }

  violated(reason: string, request: string): void {
    const facts = { uid: this.peer.who.uid, role: this.peer.roles[0] ?? '', reason, untrusted: { request } };
    this.context.log.event('door.violated', facts);
    this.context.audit.record('admin.refused', facts);
  }

  closed(): void {
    this.#unsubscribe();
    this.context.adminDoors.delete(this);
  }

  close(): void {
    this.#door.close();
  }

  async #maySee({ jail, account }: Activity): Promise<boolean> {
    if (jail !== undefined && isJailName(jail)) return await mayWithJail(this.context, this.peer, jail, 'see');
    return await mayWithAccount(
      this.context,
      this.peer,
      account !== undefined && isAccountName(account) ? account : '',
      'see',
    );
  }
}
