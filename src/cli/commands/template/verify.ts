import { parseTemplateName } from '../../../base/brands.js';
import { listBuiltTemplates } from '../../../template/manifest.js';
import { type VerifyFinding, verifyTemplateVersion } from '../../../template/verify.js';
import type { Column } from '../../render/table.js';
import type { Verb } from '../../verb.js';

interface Row extends VerifyFinding {
  readonly template: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'template', cell: (row) => row.template },
  { title: 'what', cell: (row) => row.subject },
  { title: 'outcome', cell: (row) => row.outcome },
  { title: 'detail', cell: (row) => row.detail },
];

const problems = 6;

export const templateVerify: Verb = {
  words: ['template', 'verify'],
  summary:
    'compare templates with their manifests, and a snapshot of the host with the host; status 6 when something differs',
  example: 'jailctl template verify host --contents',
  args: [
    { name: 'name', summary: 'the template (default: all that are built)', optional: true, completes: 'templates' },
  ],
  options: [{ name: 'contents', summary: 'read every byte of large snapshots too; the first reading is recorded' }],
  json: 'array of { template, subject, outcome: equal, recorded, changed or outdated, detail }',
  run: async ({ context, args, options }) => {
    context.requireRoot();
    const { stateDir, keeperPath } = context.config.server;
    const rows: Row[] = [];
    for (const name of args[0] === undefined ? await listBuiltTemplates(stateDir) : [args[0]]) {
      const findings = await verifyTemplateVersion({
        stateDir,
        keeperPath,
        name: parseTemplateName(name),
        contents: options.has('contents'),
      });
      rows.push(...findings.map((finding) => ({ template: name, ...finding })));
    }
    context.output.list(rows, columns);
    return rows.some((row) => row.outcome === 'changed' || row.outcome === 'outdated') ? problems : 0;
  },
};
