import { readAccountName } from '../../../account-choice.js';
import { type KeyRow, toKeyRows } from '../../../keys.js';
import type { Column } from '../../../render/table.js';
import type { Verb } from '../../../verb.js';

const columns: readonly Column<KeyRow>[] = [
  { title: '#', cell: (row) => String(row.index) },
  { title: 'fingerprint', cell: (row) => row.fingerprint },
  { title: 'type', cell: (row) => row.type },
  { title: 'comment', cell: (row) => row.comment },
  { title: 'options', cell: (row) => row.options },
  { title: 'unusable because', cell: (row) => row.reason },
];

export const accountKeyList: Verb = {
  words: ['account', 'key', 'list'],
  summary: 'list the public keys of an account',
  example: 'jailctl account key list alice',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  json: 'array of { index, fingerprint, type, comment, options, reason (why unusable, or empty) }',
  run: async ({ context, args }) => {
    const name = readAccountName(args);
    context.requireRoot();
    const account = await context.accounts.require(name);
    context.output.list(toKeyRows(account.keys, context.config.auth.minRsaBits), columns);
    return undefined;
  },
};
