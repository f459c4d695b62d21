import { isJaildError } from '../../../errors/jaild-error.js';
import { jailsOf } from '../../account-choice.js';
import type { CliContext } from '../../context.js';
import type { Column } from '../../render/table.js';
import type { Verb } from '../../verb.js';

interface AccountRow {
  readonly name: string;
  readonly owner: string;
  readonly locked: boolean;
  readonly jails: readonly string[];
}

const columns: readonly Column<AccountRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'state', cell: (row) => (row.locked ? 'locked' : 'active') },
  { title: 'owner', cell: (row) => row.owner },
  { title: 'jails', cell: (row) => row.jails.join(' ') },
];

export const accountList: Verb = {
  words: ['account', 'list'],
  summary: 'list accounts',
  example: 'jailctl account list',
  json: 'array of { name, owner, locked, jails }',
  run: async ({ context }) => {
    context.output.list(await loadRows(context), columns);
    return undefined;
  },
};

/** Root reads the records, with or without a server; others ask the broker and see what is theirs. */
async function loadRows(context: CliContext): Promise<readonly AccountRow[]> {
  if (!context.isRoot) {
    const { answer } = await context.door().ask('list', { noun: 'accounts' });
    return answer.noun === 'accounts' ? answer.rows : [];
  }
  const rows: AccountRow[] = [];
  for (const name of context.accounts.listNames()) {
    try {
      const account = await context.accounts.find(name);
      if (account !== undefined)
        rows.push({ name, owner: account.owner, locked: account.state === 'locked', jails: jailsOf(context, name) });
    } catch (error) {
      if (!isJaildError(error)) throw error;
      context.output.say(`warning: ${error.message}`);
    }
  }
  return rows;
}
