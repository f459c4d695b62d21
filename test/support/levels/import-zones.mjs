/** Checks the import zones of .dependency-cruiser.cjs, and that dependency-cruiser saw every source file. */
import { readdirSync } from 'node:fs';
import { run } from '../launcher/run.mjs';

const sources = readdirSync('src', { recursive: true }).filter((file) => file.endsWith('.ts'));
const output = await run('node_modules/.bin/depcruise', ['--output-type', 'json', 'src', 'test']).catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const { modules, summary } = JSON.parse(output);
const seen = modules.filter((each) => /^src\/.*\.ts$/.test(each.source)).length;
for (const { from, to, rule, cycle } of summary.violations) {
  const way = cycle === undefined ? `${from} -> ${to}` : [from, ...cycle.map((each) => each.name)].join(' -> ');
  process.stderr.write(`${rule.name}: ${way}\n`);
}
if (seen < sources.length) {
  process.stderr.write(`only ${seen} of ${sources.length} source files were seen\n`);
}
process.exitCode = summary.violations.length > 0 || seen < sources.length ? 1 : 0;
