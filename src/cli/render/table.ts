import { escapeUntrusted } from '../../base/untrusted.js';

const maxCell = 200;

/** A column of a table: its heading and the text of a row's cell. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

/**
 * Columns padded with blanks, a heading unless all titles are empty. Cells are escaped and capped: names from inside a jail must not
 * move the cursor of whoever looks at them.
 */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => escapeUntrusted(column.cell(row), maxCell) || '-'));
  const titles = columns.map((column) => column.title.toUpperCase());
  const lines = titles.every((title) => title === '') ? cells : [titles, ...cells];
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
