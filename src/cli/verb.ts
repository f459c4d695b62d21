import type { CliContext } from './context.js';
import type { GivenOptions } from './given-options.js';

/** A positional argument. `completes` says which names a shell may offer for it. */
export interface VerbArgument {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** Takes all remaining words; only the last argument may. */
  readonly variadic?: boolean;
  readonly completes?: 'accounts' | 'jails' | 'templates' | 'files';
}

/** An option. `value` names its value; without it the option is a switch. */
export interface VerbOption {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  readonly summary: string;
  /** May be given more than once. */
  readonly repeats?: boolean;
}

/** What a verb is run with. */
export interface VerbCall {
  readonly context: CliContext;
  /** As many as the verb has required arguments, at least. */
  readonly args: readonly string[];
  readonly options: GivenOptions;
}

/** One verb of the command line: the help, the completion and the tests are made from this. */
export interface Verb {
  /** `['account', 'key', 'add']`. */
  readonly words: readonly string[];
  readonly summary: string;
  /** A whole command that does something useful. */
  readonly example: string;
  readonly args?: readonly VerbArgument[];
  readonly options?: readonly VerbOption[];
  /** What stands on stdout with `--format json`; absent: nothing does. */
  readonly json?: string;
  /** Everything after the arguments belongs to a program inside: options are not looked for there. */
  readonly passesRest?: boolean;
  /** Not in help and completion: for our own scripts. */
  readonly hidden?: boolean;
  /** Answers the exit status; nothing means 0. Faults are thrown. */
  readonly run: (call: VerbCall) => Promise<number | undefined>;
}

/** The option of all verbs that end or remove something. */
export const yesOption: VerbOption = { name: 'yes', short: 'y', summary: 'do not ask' };
