import { JaildError } from '../../../../errors/jaild-error.js';
import { readAccountName } from '../../../account-choice.js';
import { type KeyRow, toKeyRows } from '../../../keys.js';
import type { Verb } from '../../../verb.js';

export const accountKeyRemove: Verb = {
  words: ['account', 'key', 'remove'],
  summary: 'remove a public key from an account',
  example: 'jailctl account key remove alice 2',
  args: [
    { name: 'name', summary: 'the account', completes: 'accounts' },
    { name: 'key', summary: 'its number, fingerprint or comment, as "account key list" shows them' },
  ],
  json: '{ account, removed: fingerprint }',
  run: async ({ context, args }) => {
    const name = readAccountName(args);
    const wanted = args[1] ?? '';
    context.requireRoot();
    const record = context.openAudit();
    let removed = '';
    await context.accounts.change(name, (account) => {
      const row = chooseKey(toKeyRows(account.keys, context.config.auth.minRsaBits), wanted, name);
      removed = row.fingerprint;
      return { ...account, keys: account.keys.filter((_, position) => position !== row.index - 1) };
    });
    record('key.removed', { account: name, key: removed });
    context.output.done({ account: name, removed }, `account ${name} has no key ${wanted} any more`);
    return undefined;
  },
};

function chooseKey(rows: readonly KeyRow[], wanted: string, account: string): KeyRow {
  const found = rows.filter((row) => [String(row.index), row.fingerprint, row.comment].includes(wanted));
  const [row] = found;
  if (row === undefined)
    throw new JaildError('not-found', `account ${account} has no key ${wanted}`, { fields: { account } });
  if (found.length > 1)
    throw new JaildError('usage', `"${wanted}" are ${found.length} keys; give a number or fingerprint`);
  return row;
}
