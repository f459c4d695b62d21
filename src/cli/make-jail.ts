import type { JailName } from '../base/brands.js';
import type { NewJail } from '../jail/lifecycle.js';
import type { Account } from '../store/accounts.js';
import type { Jail } from '../store/jails.js';
import { loadTemplateVersion } from '../template/manifest.js';
import type { CliContext } from './context.js';
import type { GivenOptions } from './given-options.js';
import { readLimits, readSettings, readTemplate } from './jail-options.js';
import { requirePossibleLimits } from './limit-check.js';

/** Options to what the lifecycle makes; everything that can be refused is refused here, before anything is made. */
export async function planNewJail(
  context: CliContext,
  name: JailName,
  account: Pick<Account, 'name' | 'owner'>,
  options: GivenOptions,
): Promise<NewJail> {
  const limits = readLimits(options);
  if (!options.has('force')) requirePossibleLimits(context.config, name, limits);
  const wanted = {
    name,
    account: account.name,
    owner: account.owner,
    ...readTemplate(options),
    ...readSettings(options),
    limits,
  };
  await loadTemplateVersion(
    context.config.server.stateDir,
    wanted.template ?? context.config.jails.template,
    wanted.templateVersion,
  );
  return wanted;
}

/** Makes the jail and writes that down. */
export async function makeJail(context: CliContext, wanted: NewJail): Promise<Jail> {
  const record = context.openAudit();
  const jail = await context.lifecycle.create(wanted);
  record('jail.created', {
    jail: jail.name,
    account: jail.account,
    template: `${jail.template}@${jail.templateVersion}`,
  });
  return jail;
}
