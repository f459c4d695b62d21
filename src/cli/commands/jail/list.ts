import { type JailRow, loadJailRows } from '../../jail-rows.js';
import { showAge } from '../../render/quantity.js';
import type { Column } from '../../render/table.js';
import type { Verb } from '../../verb.js';

const columns: readonly Column<JailRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'state', cell: (row) => row.state },
  { title: 'address', cell: (row) => row.address },
  { title: 'template', cell: (row) => row.template },
  { title: 'sessions', cell: (row) => (row.sessions === null ? '?' : String(row.sessions)) },
  { title: 'up', cell: (row) => showAge(row.startedMs, Date.now()) },
];

export const jailList: Verb = {
  words: ['jail', 'list'],
  summary: 'list jails',
  example: 'jailctl jail list',
  json: 'array of { name, account, template, state, address, sessions, startedMs, initPid, ended }',
  run: async ({ context }) => {
    context.output.list(await loadJailRows(context), columns);
    return undefined;
  },
};
