import type { Answer } from '../../../privsep/request-table.js';
import { showAge } from '../../render/quantity.js';
import type { Column } from '../../render/table.js';
import type { Verb } from '../../verb.js';

type Listed<Noun extends string> = Extract<Answer<'list'>, { noun: Noun }>['rows'][number];

const columns: readonly Column<Listed<'sessions'>>[] = [
  { title: 'session', cell: (row) => row.sessionId },
  { title: 'jail', cell: (row) => row.jail },
  { title: 'account', cell: (row) => row.account },
  { title: 'user', cell: (row) => row.user },
  { title: 'kind', cell: (row) => row.kind },
  { title: 'terminal', cell: (row) => (row.terminal ? 'yes' : 'no') },
  { title: 'age', cell: (row) => showAge(row.startedMs, Date.now()) },
  { title: 'from', cell: (row) => row.source },
];

const connectionColumns: readonly Column<Listed<'connections'>>[] = [
  { title: 'connection', cell: (row) => row.connectionId },
  { title: 'account', cell: (row) => row.account },
  { title: 'jail', cell: (row) => row.jail },
  { title: 'phase', cell: (row) => row.phase },
  { title: 'age', cell: (row) => showAge(row.openedMs, Date.now()) },
  { title: 'from', cell: (row) => `${row.source} ${row.sourcePort}` },
];

export const sessionList: Verb = {
  words: ['session', 'list'],
  summary: 'list who is in a jail now',
  example: 'jailctl session list',
  options: [{ name: 'connections', summary: 'SSH connections instead, also those before their login' }],
  json: 'array of { sessionId, jail, account, user, kind, terminal, startedMs, connectionId, source }; with --connections of { connectionId, source, sourcePort, account, jail, phase, openedMs }',
  run: async ({ context, options }) => {
    const { answer } = await context
      .door()
      .ask('list', { noun: options.has('connections') ? 'connections' : 'sessions' });
    if (answer.noun === 'sessions') context.output.list(answer.rows, columns);
    if (answer.noun === 'connections') context.output.list(answer.rows, connectionColumns);
    return undefined;
  },
};
