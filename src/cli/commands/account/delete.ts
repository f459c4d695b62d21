import type { JailName } from '../../../base/brands.js';
import { JaildError } from '../../../errors/jaild-error.js';
import { jailsOf, readAccountName } from '../../account-choice.js';
import { confirm } from '../../confirm.js';
import { deleteJail } from '../../delete-jail.js';
import { type Verb, type VerbCall, yesOption } from '../../verb.js';

export const accountDelete: Verb = {
  words: ['account', 'delete'],
  summary: 'remove an account',
  example: 'jailctl account delete bob --with-jails --yes',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  options: [yesOption, { name: 'with-jails', summary: 'remove its jails too, with all their files' }],
  json: '{ account, jails (removed ones) }',
  run: removeAccount,
};

async function removeAccount({ context, args, options }: VerbCall): Promise<undefined> {
  const name = readAccountName(args);
  context.requireRoot();
  await context.accounts.require(name);
  const jails = jailsOf(context, name);
  if (jails.length > 0 && !options.has('with-jails')) {
    throw new JaildError(
      'too-many',
      `account ${name} has jails (${jails.join(' ')}); remove them too with --with-jails`,
      { fields: { account: name } },
    );
  }
  await confirm(context.streams, question(name, jails), options.has('yes'));
  const record = context.openAudit();
  // Nobody may come in while the jails go.
  await context.accounts.change(name, (account) => ({ ...account, state: 'locked' }));
  for (const jail of jails) await deleteJail(context, jail);
  await context.accounts.remove(name);
  record('account.deleted', { account: name, jails });
  context.output.done(
    { account: name, jails },
    `account ${name} is removed${jails.length > 0 ? `, with ${jails.join(' ')}` : ''}`,
  );
  return undefined;
}

function question(name: string, jails: readonly JailName[]): string {
  return jails.length === 0 ? `Remove account ${name}?` : `Remove account ${name} and all files of ${jails.join(' ')}?`;
}
