import type { ReadQuestion } from '../../privsep/request-table.js';
import { notFound } from '../authorize.js';
import type { AdminCall } from '../call.js';
import type { Reply } from '../dispatch.js';
import { toAccountRow, toConnectionRow, toJailRow, toSessionRow } from '../rows.js';
import { jailNamesOf, mayWithAccount, mayWithJail, requireAccount, requireJail } from '../visible.js';

type Shows = {
  readonly [Noun in ReadQuestion<'show'>['noun']]: (call: AdminCall, name: string) => Promise<Reply<'show'>>;
};

const shows: Shows = {
  jail: async ({ context, peer }, name) => {
    const jail = await requireJail(context, peer, name, 'see');
    const status = await context.runtime.find(jail.name)?.control.status();
    const row = {
      ...toJailRow(context, jail),
      ...(status !== undefined && { initPid: status.initPid, startedMs: status.startedMs }),
    };
    return { answer: { noun: 'jail', row, processes: status?.processes ?? null, restarts: status?.restarts ?? null } };
  },
  account: async ({ context, peer }, name) => {
    const account = await requireAccount(context, peer, name, 'see');
    return { answer: { noun: 'account', row: toAccountRow(account, jailNamesOf(context, account.name)) } };
  },
  session: async ({ context, peer }, name) => {
    const entry = context.sessions.find(name);
    if (entry === undefined || !(await mayWithJail(context, peer, entry.jail, 'see'))) throw notFound('session', name);
    return { answer: { noun: 'session', row: toSessionRow(entry) } };
  },
  connection: async ({ context, peer }, name) => {
    const connection = context.connections.find(name)?.connection();
    const account = connection?.phase === 'after-login' ? connection.account.account : '';
    if (connection === undefined || !(await mayWithAccount(context, peer, account, 'see')))
      throw notFound('connection', name);
    return { answer: { noun: 'connection', row: toConnectionRow(connection) } };
  },
};

/** One row with details; what is absent and what is another's answer alike. */
export function answerShow(call: AdminCall, { noun, name }: ReadQuestion<'show'>): Promise<Reply<'show'>> {
  return shows[noun](call, name);
}
