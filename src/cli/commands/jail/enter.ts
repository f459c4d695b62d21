import { readJailName } from '../../account-choice.js';
import { runInJail } from '../../relay/run-in-jail.js';
import type { Verb } from '../../verb.js';

export const jailEnter: Verb = {
  words: ['jail', 'enter'],
  summary: 'open a login shell in a jail; answers its exit status',
  example: 'jailctl jail enter alice --user root',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [{ name: 'user', short: 'u', value: 'user', summary: 'a user inside (default: root)' }],
  run: async ({ context, args, options }) =>
    await runInJail(context, { jail: readJailName(args), user: options.text('user') ?? 'root', terminal: 'needed' }),
};
