import { examineHost } from '../../jail/doctor/examine.js';
import type { DoctorFinding } from '../../jail/doctor/finding.js';
import type { Column } from '../render/table.js';
import type { Verb } from '../verb.js';

const columns: readonly Column<DoctorFinding>[] = [
  { title: 'what', cell: (row) => row.what },
  { title: 'state', cell: (row) => row.state },
  { title: 'reason', cell: (row) => row.reason },
  { title: 'fix', cell: (row) => row.fix },
];

const problems = 6;

export const doctor: Verb = {
  words: ['doctor'],
  summary:
    'look at everything that jaild needs of this host, with the fix for what is missing; status 6 when something needed is missing',
  example: 'jailctl doctor',
  json: 'array of { what, state: ok, degraded or missing, reason, fix }',
  run: async ({ context }) => {
    const findings = await examineHost(context.config);
    context.output.list(findings, columns);
    return findings.some((finding) => finding.state === 'missing') ? problems : 0;
  },
};
