import { readAccountName } from '../../../account-choice.js';
import { readKeys, toKeyRows } from '../../../keys.js';
import type { Verb } from '../../../verb.js';

export const accountKeyAdd: Verb = {
  words: ['account', 'key', 'add'],
  summary: 'add public keys to an account',
  example: 'jailctl account key add alice ~/laptop.pub',
  args: [
    { name: 'name', summary: 'the account', completes: 'accounts' },
    {
      name: 'key',
      summary: 'a file of authorized_keys lines, - for standard input, or one line in quotes',
      variadic: true,
      completes: 'files',
    },
  ],
  json: '{ account, added: [fingerprint] }',
  run: async ({ context, args }) => {
    const name = readAccountName(args);
    context.requireRoot();
    await context.accounts.require(name);
    const lines: string[] = [];
    for (const source of args.slice(1)) lines.push(...(await readKeys(context, source)));
    const record = context.openAudit();
    let added: string[] = [];
    await context.accounts.change(name, (account) => {
      const fresh = [...new Set(lines)].filter((line) => !account.keys.includes(line));
      added = toKeyRows(fresh, context.config.auth.minRsaBits).map((row) => row.fingerprint);
      return { ...account, keys: [...account.keys, ...fresh] };
    });
    for (const key of added) record('key.added', { account: name, key });
    context.output.done(
      { account: name, added },
      added.length === 0 ? `account ${name} has these keys already` : `account ${name} has ${added.join(' ')} now`,
    );
    return undefined;
  },
};
