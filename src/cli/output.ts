import type { Writable } from 'node:stream';
import { type Column, formatTable } from './render/table.js';

export type Format = 'table' | 'json';

/**
 * Where a verb's results go: data to stdout, words to stderr, so that stdout can be read by a program.
 * JSON is one value with two blanks of indent: a list is an array of objects, anything else an object; times are RFC 3339 or milliseconds
 * (names end in Ms), sizes are bytes (names end in Bytes), what is not set is absent or null.
 */
export class Output {
  readonly format: Format;
  readonly #data: Writable;
  readonly #words: Writable;

  constructor(format: Format, streams: { data: Writable; words: Writable }) {
    this.format = format;
    this.#data = streams.data;
    this.#words = streams.words;
  }

  /** Rows: a table, or an array of them as they are. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    this.#write(this.format === 'json' ? toJson(rows) : formatTable(rows, columns));
  }

  /** One thing: `NAME  VALUE` lines, or the object `data`. Lines without a value are left out. */
  show(data: object, lines: readonly (readonly [name: string, value: string | undefined])[]): void {
    const kept = lines.filter((line): line is readonly [string, string] => line[1] !== undefined && line[1] !== '');
    const columns = [
      { title: '', cell: (line: readonly [string, string]) => line[0] },
      { title: '', cell: (line: readonly [string, string]) => line[1] },
    ];
    this.#write(this.format === 'json' ? toJson(data) : formatTable(kept, columns));
  }

  /** What a verb did: a sentence for a person, an object for a program. */
  done(data: object, sentence: string): void {
    if (this.format === 'json') this.#write(toJson(data));
    else this.say(sentence);
  }

  /** Text for stdout as it is (a script, a line to copy). */
  text(text: string): void {
    this.#write(text);
  }

  /** A line for the person at the terminal. */
  say(line: string): void {
    this.#words.write(`${line}\n`);
  }

  #write(text: string): void {
    this.#data.write(text);
  }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
