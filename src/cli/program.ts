import { Argument, Command, CommanderError, Option } from 'commander';
import { nearestName } from '../base/nearest.js';
import { JaildError } from '../errors/jaild-error.js';
import type { CliContext } from './context.js';
import { GivenOptions } from './given-options.js';
import { type Format, Output } from './output.js';
import type { CliStreams } from './terminal.js';
import type { Verb, VerbOption } from './verb.js';

/** The adapter to commander: the verb table in, a parsed call out. */
export interface ProgramOptions {
  readonly verbs: readonly Verb[];
  readonly nouns: Readonly<Record<string, string>>;
  readonly version: string;
  readonly streams: CliStreams;
  readonly makeContext: (configFile: string | undefined, output: Output) => CliContext;
}

/** Parses the words and runs the verb; answers its exit status. Wrong words are a `usage` fault (or status 0 for help). */
export async function runProgram(options: ProgramOptions, words: readonly string[]): Promise<number> {
  let status = 0;
  const program = buildProgram(options, (code) => {
    status = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // help and version
    const text = error.message
      .replace(/^error: /, '')
      .replace(/\s*\n\s*/g, ' ')
      .trim();
    throw new JaildError('usage', text);
  }
}

/** The whole command tree. */
export function buildProgram(options: ProgramOptions, setStatus: (status: number) => void): Command {
  const { streams, verbs } = options;
  const program = configure(new Command('jailctl'), streams)
    .description('administers accounts, jails and templates of jaild')
    .version(options.version, '--version', 'print the version')
    .addOption(configOption())
    .addOption(formatOption())
    .enablePositionalOptions()
    .allowExcessArguments()
    .action(() => {
      const known = program.commands.map((command) => command.name());
      throw new JaildError('usage', toNounFault(program.args[0], known));
    });
  for (const verb of verbs) addVerb(program, verb, options, setStatus);
  return program;
}

interface GeneralOptions {
  readonly config?: string;
  readonly format?: Format;
}

function definedOf({ config, format }: GeneralOptions): GeneralOptions {
  return { ...(config !== undefined && { config }), ...(format !== undefined && { format }) };
}

function configOption(): Option {
  return new Option('--config <file>', 'the configuration file (default: /etc/jaild/jaild.ini)');
}

function formatOption(): Option {
  return new Option('--format <format>', 'how data is printed (default: table)').choices(['table', 'json']);
}

function toNounFault(word: string | undefined, known: readonly string[]): string {
  if (word === undefined) return `say what to do: ${known.join(', ')} ("jailctl --help" explains them)`;
  const near = nearestName(word, known);
  return `there is no "${word}"; ${near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`}`;
}

function addVerb(program: Command, verb: Verb, options: ProgramOptions, setStatus: (status: number) => void): void {
  const parent = verb.words
    .slice(0, -1)
    .reduce((at, word, depth) => findOrAddNoun(at, word, verb.words.slice(0, depth + 1), options), program);
  const name = verb.words.at(-1) ?? '';
  const command = configure(parent.command(name, { hidden: verb.hidden === true }), options.streams).description(
    verb.summary,
  );
  command.allowExcessArguments(false); // the nouns allow them, to name the nearest verb
  for (const argument of verb.args ?? []) {
    const dots = argument.variadic === true ? '...' : '';
    command.addArgument(
      new Argument(
        argument.optional === true ? `[${argument.name}${dots}]` : `<${argument.name}${dots}>`,
        argument.summary,
      ),
    );
  }
  for (const option of verb.options ?? []) command.addOption(toOption(option));
  if (verb.passesRest === true) command.passThroughOptions();
  for (const general of [configOption(), formatOption()]) command.addOption(general.hideHelp());
  command.addHelpText(
    'after',
    `\nExample:\n  ${verb.example}${verb.json === undefined ? '' : `\n\nJSON:\n  ${verb.json}`}`,
  );
  command.action(async () => {
    // General options may stand before the noun or behind the verb.
    const general = { ...program.opts<GeneralOptions>(), ...definedOf(command.opts<GeneralOptions>()) };
    const output = new Output(general.format ?? 'table', {
      data: options.streams.stdout,
      words: options.streams.stderr,
    });
    const context = options.makeContext(general.config, output);
    try {
      const call = {
        context,
        args: command.processedArgs.flat().filter((word): word is string => typeof word === 'string'),
        options: toGiven(verb, command.opts()),
      };
      setStatus((await verb.run(call)) ?? 0);
    } finally {
      context.close();
    }
  });
}

function findOrAddNoun(parent: Command, word: string, path: readonly string[], options: ProgramOptions): Command {
  const existing = parent.commands.find((command) => command.name() === word);
  if (existing !== undefined) return existing;
  const noun = configure(parent.command(word), options.streams).description(options.nouns[path.join(' ')] ?? '');
  noun.action(() => {
    const known = noun.commands.map((command) => command.name());
    throw new JaildError('usage', `${path.join(' ')}: ${toNounFault(noun.args[0], known)}`);
  });
  return noun.allowExcessArguments().allowUnknownOption();
}

function configure(command: Command, streams: CliStreams): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'explain this and show an example')
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: () => undefined, // told once, by whoever catches the fault
    });
}

function toOption({ name, short, value, summary, repeats }: VerbOption): Option {
  const flags = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
  const option = new Option(flags, repeats === true ? `${summary} (may be repeated)` : summary);
  return value === undefined
    ? option
    : option.argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), text]);
}

function toGiven(verb: Verb, values: Readonly<Record<string, unknown>>): GivenOptions {
  const given = new Map<string, true | readonly string[]>();
  for (const option of verb.options ?? []) {
    const value = values[attributeName(option)];
    if (option.value === undefined ? isSwitchedOn(option, value) : Array.isArray(value))
      given.set(option.name, option.value === undefined ? true : (value as string[]));
    if (option.repeats !== true && Array.isArray(value) && value.length > 1)
      throw new JaildError('usage', `--${option.name} was given twice`);
  }
  return new GivenOptions(given);
}

function isSwitchedOn(option: VerbOption, value: unknown): boolean {
  return option.name.startsWith('no-') ? value === false : value === true;
}

/** commander's own name for an option: camel case, without the `no-`. */
function attributeName(option: VerbOption): string {
  return new Option(`--${option.name}`).attributeName();
}
