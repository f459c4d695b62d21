import { JaildError } from '../../../errors/jaild-error.js';
import { readJailName } from '../../account-choice.js';
import { runInJail } from '../../relay/run-in-jail.js';
import type { Verb } from '../../verb.js';

export const jailExec: Verb = {
  words: ['jail', 'exec'],
  summary: 'run a program in a jail; answers its exit status (128 + N when signal N ended it)',
  example: 'jailctl jail exec --user root alice -- ls -l /etc',
  args: [
    { name: 'name', summary: 'the jail', completes: 'jails' },
    { name: 'command', summary: 'the program and its arguments, after --; no shell reads them', variadic: true },
  ],
  options: [
    { name: 'user', short: 'u', value: 'user', summary: 'a user inside (default: root)' },
    { name: 'no-terminal', short: 'T', summary: 'give the program pipes, also when this is typed at a terminal' },
  ],
  passesRest: true,
  run: async ({ context, args, options }) => {
    const argv = readCommand(args.slice(1));
    const terminal = options.has('no-terminal') ? 'never' : 'when-there';
    return await runInJail(context, { jail: readJailName(args), user: options.text('user') ?? 'root', argv, terminal });
  },
};

/** The words after the jail's name, with or without `--` before them. */
function readCommand(words: readonly string[]): readonly string[] {
  const argv = words[0] === '--' ? words.slice(1) : words;
  const isOption = words[0] !== '--' && words[0]?.startsWith('-') === true;
  if (isOption)
    throw new JaildError(
      'usage',
      `options of exec stand before the jail's name: jailctl jail exec ${words[0]} ... NAME -- COMMAND`,
    );
  if (argv[0] === undefined || argv[0] === '')
    throw new JaildError('usage', 'say which program to run: jailctl jail exec NAME -- COMMAND');
  return argv;
}
