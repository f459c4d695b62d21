import { readJailName } from '../../account-choice.js';
import { confirm } from '../../confirm.js';
import { deleteJail } from '../../delete-jail.js';
import { type Verb, yesOption } from '../../verb.js';

export const jailDelete: Verb = {
  words: ['jail', 'delete'],
  summary: 'remove a jail with all its files',
  example: 'jailctl jail delete alice+web --yes',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [yesOption],
  json: '{ jail }',
  run: async ({ context, args, options }) => {
    const name = readJailName(args);
    context.requireRoot();
    await context.jails.require(name);
    await confirm(context.streams, `Stop jail ${name} and remove it with all its files?`, options.has('yes'));
    await deleteJail(context, name);
    context.output.done({ jail: name }, `jail ${name} is removed`);
    return undefined;
  },
};
