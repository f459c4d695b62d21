import { parseJailName } from '../../../base/brands.js';
import { hashPassword } from '../../../broker/passwords.js';
import { JaildError } from '../../../errors/jaild-error.js';
import type { Account } from '../../../store/accounts.js';
import { readAccountName } from '../../account-choice.js';
import type { CliContext } from '../../context.js';
import type { GivenOptions } from '../../given-options.js';
import { limitOptions, settingOptions, templateOptions } from '../../jail-options.js';
import { readKeys } from '../../keys.js';
import { makeJail, planNewJail } from '../../make-jail.js';
import { readPasswordLine } from '../../read-input.js';
import { toSshLine } from '../../ssh-line.js';
import type { Verb, VerbCall } from '../../verb.js';

export const accountAdd: Verb = {
  words: ['account', 'add'],
  summary: 'make an account, and the jail it logs in to',
  example: 'jailctl account add alice --key ~/alice.pub --memory 512M --disk 2G',
  args: [{ name: 'name', summary: 'a-z, 0-9, _ and -, at most 32' }],
  options: [
    { name: 'key', short: 'k', value: 'file', summary: 'public key file, or - for standard input', repeats: true },
    { name: 'password-stdin', summary: 'read a password from the first line of standard input' },
    { name: 'no-jail', summary: 'make the account alone' },
    ...templateOptions,
    ...limitOptions,
    ...settingOptions,
  ],
  json: '{ account, jail or null, ssh }',
  run: addAccount,
};

async function addAccount({ context, args, options }: VerbCall): Promise<undefined> {
  const name = readAccountName(args);
  context.requireRoot();
  const account = await planAccount(context, name, options);
  const jailName = parseJailName(name);
  const wanted = options.has('no-jail') ? undefined : await planNewJail(context, jailName, account, options);
  if (wanted !== undefined && (await context.jails.find(jailName)) !== undefined) {
    throw new JaildError(
      'record-exists',
      `there is a jail ${jailName} already; use --no-jail to give it this account`,
      { fields: { jail: jailName } },
    );
  }
  const record = context.openAudit();
  await context.accounts.create(account);
  try {
    if (wanted !== undefined) await makeJail(context, wanted);
  } catch (error) {
    await context.accounts.remove(name); // nobody has logged in to it yet
    throw error;
  }
  record('account.created', { account: name, keys: account.keys.length, password: account.passwordHash !== undefined });
  report(context, account, wanted !== undefined);
  return undefined;
}

async function planAccount(context: CliContext, name: Account['name'], options: GivenOptions): Promise<Account> {
  if (options.has('password-stdin') && options.texts('key').includes('-'))
    throw new JaildError('usage', 'standard input can give a key or a password, not both');
  if ((await context.accounts.find(name)) !== undefined)
    throw new JaildError('record-exists', `there is an account ${name} already`, { fields: { account: name } });
  const keys: string[] = [];
  for (const source of options.texts('key')) keys.push(...(await readKeys(context, source)));
  const passwordHash = options.has('password-stdin')
    ? await hashPassword(await readPasswordLine(context.streams), context.config.auth.passwordHash)
    : undefined;
  if (keys.length === 0 && passwordHash === undefined)
    throw new JaildError('usage', 'an account needs a way in: give --key FILE or --password-stdin');
  return {
    name,
    owner: options.text('owner') ?? 'user:root',
    state: 'active',
    created: new Date().toISOString(),
    keys: [...new Set(keys)],
    ...(passwordHash !== undefined && { passwordHash }),
    options: {},
  };
}

function report({ output, config }: CliContext, account: Account, hasJail: boolean): void {
  const ssh = toSshLine(config.server, account.name);
  if (output.format === 'json') {
    output.done({ account: account.name, jail: hasJail ? account.name : null, ssh }, '');
    return;
  }
  output.say(
    hasJail
      ? `account and jail ${account.name} are made; log in with`
      : `account ${account.name} is made, without a jail`,
  );
  if (hasJail) output.text(`${ssh}\n`);
}
