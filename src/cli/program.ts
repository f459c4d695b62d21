import { Command as Commander, CommanderError, Option } from 'commander';
import { type Command, type OptionDefinition, Options } from './command.js';

/** What was asked for: a verb with its words, once commander has accepted the line. */
export interface Parsed {
  readonly command: Command;
  readonly arguments: readonly string[];
  readonly options: Options;
  readonly configFile: string | undefined;
  readonly format: 'table' | 'json';
}

/** Help, the version, or a line that was not understood; commander has printed what there is to say. */
export interface NothingToRun {
  readonly exitStatus: 0 | 2;
}

const nouns: Readonly<Record<string, string>> = {
  account: 'who may log in',
  'account key': 'the keys of an account',
  jail: 'the machines of the accounts',
  template: 'what jails are built from',
  session: 'who is logged in now',
  server: 'the running server',
};

/** Reads a command line against the table of verbs. */
export function parseCommandLine(
  table: readonly Command[],
  version: string,
  words: readonly string[],
): Parsed | NothingToRun {
  let parsed: Omit<Parsed, 'configFile' | 'format'> | null = null;
  const program = buildProgram(table, version, (found) => {
    parsed = found;
  });
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitStatus: error.exitCode === 0 ? 0 : 2 };
  }
  if (parsed === null) return { exitStatus: 2 };
  const { config, format } = program.opts<{ config?: string; format: 'table' | 'json' }>();
  return { ...(parsed as Omit<Parsed, 'configFile' | 'format'>), configFile: config, format };
}

/** The whole command line as commander sees it; `onVerb` is called with the verb that was asked for. */
export function buildProgram(
  table: readonly Command[],
  version: string,
  onVerb: (found: Omit<Parsed, 'configFile' | 'format'>) => void,
): Commander {
  const program = new Commander('jailctl')
    .description('Administers jaild: accounts, their jails, templates and sessions.')
    .version(version)
    .option('--config <file>', 'the configuration file (default: /etc/jaild/jaild.ini)')
    .addOption(new Option('--format <format>', 'how data is printed').choices(['table', 'json']).default('table'))
    .enablePositionalOptions()
    .showHelpAfterError('(--help tells more)')
    .exitOverride();
  for (const command of table) addVerb(program, command, onVerb);
  return program;
}

function addVerb(
  program: Commander,
  command: Command,
  onVerb: (found: Omit<Parsed, 'configFile' | 'format'>) => void,
): void {
  const verb = parentOf(program, command.path).command(`${command.path.at(-1)} ${command.arguments}`.trim());
  verb.description(command.summary).addHelpText('after', `\nExample:\n  ${command.example}`);
  for (const option of command.options ?? []) verb.addOption(toOption(option));
  if (command.passThrough === true) verb.passThroughOptions();
  verb.action((...given: unknown[]) => {
    const words = given.slice(0, -2).flatMap((word) => (Array.isArray(word) ? word : [word]));
    onVerb({
      command,
      arguments: words.filter((word): word is string => typeof word === 'string'),
      options: new Options(given.at(-2) as Record<string, unknown>),
    });
  });
}

/** The command below which the last word of `path` stands; made when it is the first of its noun. */
function parentOf(program: Commander, path: readonly string[]): Commander {
  let parent = program;
  for (const [at, word] of path.slice(0, -1).entries()) {
    const known = parent.commands.find((child) => child.name() === word);
    const noun = path.slice(0, at + 1).join(' ');
    parent =
      known ??
      parent
        .command(word)
        .description(nouns[noun] ?? '')
        .enablePositionalOptions();
  }
  return parent;
}

function toOption(definition: OptionDefinition): Option {
  const option = new Option(definition.flags, definition.help);
  if (definition.repeat === true) option.argParser((value: string, previous: string[] = []) => [...previous, value]);
  return option;
}
