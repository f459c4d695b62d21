import { isJaildError } from '../../errors/jaild-error.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import { maySee } from '../authorize.js';
import type { AdminCall } from '../call.js';
import type { Reply } from '../dispatch.js';
import { type JailRow, toAccountRow, toConnectionRow, toDamagedRow, toJailRow, toSessionRow } from '../rows.js';
import { jailNamesOf, mayWithAccount, mayWithJail } from '../visible.js';

type Lists = { readonly [Noun in ReadQuestion<'list'>['noun']]: (call: AdminCall) => Promise<Reply<'list'>> };

const lists: Lists = {
  jails: async ({ context, peer }) => {
    const rows: JailRow[] = [];
    for (const name of context.jails.listNames()) {
      try {
        const jail = await context.jails.find(name);
        if (jail !== undefined && maySee(peer, jail.owner)) rows.push(toJailRow(context, jail));
      } catch (error) {
        if (!isJaildError(error)) throw error;
        if (maySee(peer, '')) rows.push(toDamagedRow(name)); // expected: a record that cannot be read
      }
    }
    return { answer: { noun: 'jails', rows } };
  },
  accounts: async ({ context, peer }) => {
    const { values } = await context.accounts.list();
    const visible = values.filter((account) => maySee(peer, account.owner));
    return {
      answer: {
        noun: 'accounts',
        rows: visible.map((account) => toAccountRow(account, jailNamesOf(context, account.name))),
      },
    };
  },
  sessions: async ({ context, peer }) => {
    const rows = await keep(context.sessions.list(), (entry) => mayWithJail(context, peer, entry.jail, 'see'));
    return { answer: { noun: 'sessions', rows: rows.map(toSessionRow) } };
  },
  connections: async ({ context, peer }) => {
    const all = context.connections.list().map((entry) => entry.connection());
    const accountOf = (connection: (typeof all)[number]) =>
      connection.phase === 'after-login' ? connection.account.account : '';
    const rows = await keep(all, (connection) => mayWithAccount(context, peer, accountOf(connection), 'see'));
    return { answer: { noun: 'connections', rows: rows.map(toConnectionRow) } };
  },
};

/** Rows of one kind; an owner sees their own. */
export function answerList(call: AdminCall, { noun }: ReadQuestion<'list'>): Promise<Reply<'list'>> {
  return lists[noun](call);
}

async function keep<Item>(items: readonly Item[], isVisible: (item: Item) => Promise<boolean>): Promise<Item[]> {
  const kept: Item[] = [];
  for (const item of items) if (await isVisible(item)) kept.push(item);
  return kept;
}
