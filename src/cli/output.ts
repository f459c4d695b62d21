import { writeSync } from 'node:fs';
import { escapeUntrusted } from '../base/untrusted.js';

export type OutputFormat = 'table' | 'json';

/** A column of a table: its heading and the key of the row that it shows. */
export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string;
}

const standardOutput = 1;
const standardError = 2;
const longestCell = 200;

/** Where a verb writes: data to standard output in the wanted format, words to standard error. */
export class Output {
  readonly format: OutputFormat;

  constructor(format: OutputFormat) {
    this.format = format;
  }

  /** Rows as a table for people, or as the JSON array of the same rows. Cells may come from users: they are escaped. */
  rows<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    if (this.format === 'json') this.#json(rows);
    else if (rows.length > 0) this.#write(toTable(rows, columns));
  }

  /** One object: JSON, or a line `name  value` for each of its fields. */
  record(record: Readonly<Record<string, unknown>>): void {
    if (this.format === 'json') {
      this.#json(record);
      return;
    }
    const shown = Object.entries(record).filter(([, value]) => value !== undefined);
    const width = Math.max(0, ...shown.map(([name]) => name.length));
    for (const [name, value] of shown) this.#write(`${name.padEnd(width)}  ${toCell(value)}\n`);
  }

  /** A line of data as it is (an ssh command to paste, a digest); in JSON the object instead. */
  line(text: string, asJson: Readonly<Record<string, unknown>>): void {
    if (this.format === 'json') this.#json(asJson);
    else this.#write(`${text}\n`);
  }

  /** A text made here that is data in every format, such as a completion script. */
  raw(text: string): void {
    this.#write(text);
  }

  /** Words for the person at the terminal; never data. */
  say(text: string): void {
    writeAll(standardError, `${text}\n`);
  }

  #json(value: unknown): void {
    this.#write(`${JSON.stringify(value, null, 2)}\n`);
  }

  #write(text: string): void {
    writeAll(standardOutput, text);
  }
}

/** Columns padded to their widest cell, the last one unpadded. */
export function toTable<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map((column) => column.heading)];
  for (const row of rows) lines.push(columns.map((column) => toCell(column.value(row))));
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function toCell(value: unknown): string {
  if (value === null || value === '') return '-';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return escapeUntrusted(text, longestCell);
}

/** Whole and at once, so that nothing is lost when the process ends right after; a pipe that is full is waited for. */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      // Expected: EAGAIN of a non-blocking terminal or pipe; EPIPE when the reader has gone, who wants no more.
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
