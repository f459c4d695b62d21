import { InvalidValueError } from '../base/invalid-value.js';

/** Options as they stood on the command line, by their long names. */
export class GivenOptions {
  readonly #values: ReadonlyMap<string, true | readonly string[]>;

  constructor(values: ReadonlyMap<string, true | readonly string[]>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  texts(name: string): readonly string[] {
    const value = this.#values.get(name);
    return value === undefined || value === true ? [] : value;
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  /** Reads a value with its parser; a refusal names the option. */
  parsed<Value>(name: string, parse: (text: string) => Value): Value | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parseOption(name, text, parse);
  }

  /** One of a few words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    return this.parsed(name, (text) => {
      const word = words.find((candidate) => candidate === text);
      if (word === undefined) throw new InvalidValueError(`it takes ${words.join(', ')}`);
      return word;
    });
  }

  wholeNumber(name: string, least: number, most: number): number | undefined {
    return this.parsed(name, (text) => {
      const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (number >= least && number <= most) return number;
      throw new InvalidValueError(`it takes a number from ${least} to ${most}`);
    });
  }
}

/** Parses one value; a refusal names the option it stood behind. */
export function parseOption<Value>(name: string, text: string, parse: (text: string) => Value): Value {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InvalidValueError)
      throw new InvalidValueError(`--${name}: ${error.message}`, { cause: error });
    throw error;
  }
}
