import type { Config } from '../config/schema.js';
import type { Output } from './output.js';

/** One option of a verb; `flags` as commander reads them (`--key <file>`, `--yes`). */
export interface OptionDefinition {
  readonly flags: string;
  readonly help: string;
  /** May be given several times; its value is then always a list of strings. */
  readonly repeat?: true;
}

/** What one call of a verb has to work with. */
export interface Invocation {
  readonly config: Config;
  readonly output: Output;
  /** The positional arguments in order; a variadic one is spread at the end. */
  readonly arguments: readonly string[];
  readonly options: Options;
}

/** One verb of the command line. The table in commands/table.ts lists them all. */
export interface Command {
  /** Words before the arguments, e.g. `['account', 'key', 'add']`. */
  readonly path: readonly [string, ...string[]];
  /** Positional arguments as commander reads them: `<name> [file...]`; `''` for none. */
  readonly arguments: string;
  readonly summary: string;
  /** A complete line that works as it stands on a host with default paths. */
  readonly example: string;
  readonly options?: readonly OptionDefinition[];
  /** Everything after the positional arguments belongs to a program that the verb runs. */
  readonly passThrough?: true;
  /** Returns the exit status; a fault is thrown and gets the status of its code. */
  run(invocation: Invocation): Promise<number>;
}

/** The options of one call, read by kind so that a wrong table entry is a fault and not an odd value. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  /** `values` as commander returns them: camel-case names. */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || typeof value === 'string') return value;
    throw new TypeError(`option ${name} is not a text`);
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map(String);
    throw new TypeError(`option ${name} is not a list`);
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }
}
