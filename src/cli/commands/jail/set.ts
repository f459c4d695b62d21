import type { JailName } from '../../../base/brands.js';
import { JaildError } from '../../../errors/jaild-error.js';
import type { Jail } from '../../../store/jails.js';
import { readJailName } from '../../account-choice.js';
import type { CliContext } from '../../context.js';
import type { GivenOptions } from '../../given-options.js';
import {
  limitOptions,
  readLimits,
  readSettings,
  readTemplate,
  settingOptions,
  templateOptions,
} from '../../jail-options.js';
import { toOfflineRow } from '../../jail-rows.js';
import { requirePossibleLimits } from '../../limit-check.js';
import { requireAllowedNetwork } from '../../network-check.js';
import { requireStoppable, stopForChange, stopOption } from '../../stop-for-change.js';
import type { Verb, VerbCall } from '../../verb.js';

const settings = [...templateOptions, ...settingOptions, ...limitOptions];

export const jailSet: Verb = {
  words: ['jail', 'set'],
  summary: 'change settings and limits of a jail; they hold from its next start',
  example: 'jailctl jail set alice --pids 200 --hostname alice-web',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [...settings, stopOption],
  json: '{ jail, changed, pending: true when it runs and has to be restarted for it }',
  run: setJail,
};

async function setJail({ context, args, options }: VerbCall): Promise<undefined> {
  const name = readJailName(args);
  context.requireRoot();
  const changed = settings.map((option) => option.name).filter((option) => option !== 'force' && options.has(option));
  if (changed.length === 0)
    throw new JaildError('usage', `say what to set: ${settings.map((option) => `--${option.name}`).join(', ')}`);
  const jail = await context.jails.require(name);
  const given = readSettings(options);
  requireAllowedNetwork(context.config, given.network);
  requireLimits(context, jail, options);
  if (options.has('template')) requireStoppable(context, jail, options.has('stop'));
  const record = context.openAudit();
  if (options.has('stop')) await stopForChange(context, name);
  await changeTemplate(context, name, options);
  const after = await context.jails.change(name, (before) => ({
    ...before,
    ...given,
    limits: readLimits(options, before.limits),
  }));
  record('jail.changed', { jail: name, changed });
  const pending = toOfflineRow(context.config, after).state === 'running';
  context.output.done(
    { jail: name, changed, pending },
    `jail ${name}: ${changed.join(', ')} set${pending ? `; it holds after "jailctl jail restart ${name}"` : ''}`,
  );
  return undefined;
}

/** Only limits that are being set are asked about: what the record holds already does not stand in the way of other settings. */
function requireLimits(context: CliContext, jail: Jail, options: GivenOptions): void {
  const isLimitGiven = limitOptions.some((option) => option.name !== 'force' && options.has(option.name));
  if (isLimitGiven && !options.has('force'))
    requirePossibleLimits(context.config, jail.name, readLimits(options, jail.limits));
}

/** The jail's own files stay as they are, on top of another template; `reset` is what removes them. */
async function changeTemplate({ lifecycle }: CliContext, name: JailName, options: GivenOptions): Promise<void> {
  const { template, templateVersion } = readTemplate(options);
  if (template !== undefined) await lifecycle.changeTemplate(name, template, templateVersion);
}
