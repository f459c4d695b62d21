import { showAge, showBytes } from '../../render/quantity.js';
import type { Column } from '../../render/table.js';
import { loadTemplateRows, type TemplateRow } from '../../template-rows.js';
import type { Verb } from '../../verb.js';

const columns: readonly Column<TemplateRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'version', cell: (row) => (row.state === 'built' ? row.version : row.state) },
  { title: 'tags', cell: (row) => row.tags.join(' ') },
  { title: 'source', cell: (row) => row.source },
  { title: 'age', cell: (row) => showAge(row.created === '' ? null : Date.parse(row.created), Date.now()) },
  { title: 'size', cell: (row) => showBytes(row.bytes ?? undefined) ?? '' },
  { title: 'jails', cell: (row) => String(row.jails) },
];

export const templateList: Verb = {
  words: ['template', 'list'],
  summary: 'list templates: recipes and what was built from them',
  example: 'jailctl template list',
  json: 'array of { name, version, tags, source, created, bytes or null, files or null, jails, state: built, not-built or damaged }',
  run: async ({ context }) => {
    context.requireRoot();
    context.output.list(await loadTemplateRows(context), columns);
    return undefined;
  },
};
