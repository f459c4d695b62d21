import { readJailName } from '../../account-choice.js';
import { confirm } from '../../confirm.js';
import { requireStoppable, stopForChange, stopOption } from '../../stop-for-change.js';
import { type Verb, yesOption } from '../../verb.js';

export const jailDelete: Verb = {
  words: ['jail', 'delete'],
  summary: 'remove a jail with all its files',
  example: 'jailctl jail delete alice+web --stop --yes',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [yesOption, stopOption],
  json: '{ jail }',
  run: async ({ context, args, options }) => {
    const name = readJailName(args);
    context.requireRoot();
    requireStoppable(context, await context.jails.require(name), options.has('stop'));
    await confirm(context.streams, `Remove jail ${name} and all its files?`, options.has('yes'));
    const record = context.openAudit();
    if (options.has('stop')) await stopForChange(context, name);
    await context.lifecycle.delete(name);
    record('jail.deleted', { jail: name });
    context.output.done({ jail: name }, `jail ${name} is removed`);
    return undefined;
  },
};
