import { readJailName } from '../../account-choice.js';
import { confirm } from '../../confirm.js';
import { stopForChange } from '../../stop-for-change.js';
import { type Verb, yesOption } from '../../verb.js';

/** Where people keep their own files inside. */
const homes = ['root', 'home'];

export const jailReset: Verb = {
  words: ['jail', 'reset'],
  summary: "empty a jail back to its template's newest version",
  example: 'jailctl jail reset alice --keep-home --yes',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [yesOption, { name: 'keep-home', summary: 'keep /root and /home' }],
  json: '{ jail, template, kept }',
  run: async ({ context, args, options }) => {
    const name = readJailName(args);
    context.requireRoot();
    await context.jails.require(name);
    const kept = options.has('keep-home') ? homes : [];
    const what = kept.length > 0 ? 'all files but those in /root and /home' : 'all files';
    await confirm(context.streams, `Stop jail ${name} and remove ${what} of it?`, options.has('yes'));
    const record = context.openAudit();
    await stopForChange(context, name);
    const jail = await context.lifecycle.reset(name, kept);
    const template = `${jail.template}@${jail.templateVersion}`;
    record('jail.reset', { jail: name, template, kept });
    context.output.done(
      { jail: name, template, kept: kept.map((path) => `/${path}`) },
      `jail ${name} is as ${template} was made`,
    );
    return undefined;
  },
};
