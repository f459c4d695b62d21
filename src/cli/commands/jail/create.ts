import { type AccountName, accountOfJail } from '../../../base/brands.js';
import { JaildError } from '../../../errors/jaild-error.js';
import type { Account } from '../../../store/accounts.js';
import { readJailName } from '../../account-choice.js';
import type { CliContext } from '../../context.js';
import { limitOptions, settingOptions, templateOptions } from '../../jail-options.js';
import { makeJail, planNewJail } from '../../make-jail.js';
import { requireAllowedNetwork } from '../../network-check.js';
import type { Verb } from '../../verb.js';

export const jailCreate: Verb = {
  words: ['jail', 'create'],
  summary: 'make one more jail for an account',
  example: 'jailctl jail create alice+web --template host --pids 500',
  args: [{ name: 'name', summary: 'ACCOUNT or ACCOUNT+LABEL' }],
  options: [...templateOptions, ...settingOptions, ...limitOptions],
  json: '{ jail, account, template }',
  run: async ({ context, args, options }) => {
    const name = readJailName(args);
    context.requireRoot();
    const wanted = await planNewJail(context, name, await requireAccount(context, accountOfJail(name)), options);
    requireAllowedNetwork(context.config, wanted.network);
    const { account, template, templateVersion } = await makeJail(context, wanted);
    context.output.done(
      { jail: name, account, template: `${template}@${templateVersion}` },
      `jail ${name} is made from ${template}@${templateVersion}`,
    );
    return undefined;
  },
};

/** The account of the jail; with a look-up program not every account has a record here. */
async function requireAccount(
  { accounts, config }: CliContext,
  name: AccountName,
): Promise<Pick<Account, 'name' | 'owner'>> {
  const account = await accounts.find(name);
  if (account !== undefined) return account;
  if (config.auth.lookupProgram.length > 0) return { name, owner: 'user:root' };
  throw new JaildError('record-missing', `there is no account ${name}; make it with "jailctl account add ${name}"`, {
    fields: { account: name },
  });
}
