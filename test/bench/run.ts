/**
 * `npm run bench [group...]`: measures jaild and its peers side by side, in one run, on this machine. Writes each group to
 * bench-results/ as JSON with all samples, and prints a table. What counts is the ratio; figures in ms and MB say little
 * about another machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Instance } from '../support/instance.js';
import { projectRoot } from '../support/stage.js';
import { measureJails } from './groups/jail.js';
import { measureLogins } from './groups/login.js';
import { describeMachine } from './machine.js';
import type { Result } from './measurement.js';
import { buildNativePrograms, type NativePrograms } from './native-programs.js';

type Group = (instance: Instance, native: NativePrograms) => Promise<Result[]>;

const groups: Readonly<Record<string, Group>> = { login: measureLogins, jail: measureJails };

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The lines of the table for one result. */
function linesOf(result: Result): string[] {
  const verdict = result.isMet === null ? '' : result.isMet ? '  met' : '  MISSED';
  const goal = result.goal === null ? '' : `  (goal: ${result.goal})${verdict}`;
  const variants = result.variants.map(({ name, summary }) => {
    const ratio = result.ratios.find((each) => each.peer === name);
    const against =
      ratio === undefined ? '' : `   jaild is ${figure(ratio.ratio)} x  [${figure(ratio.low)} - ${figure(ratio.high)}]`;
    const spread = `${figure(summary.firstQuartile)} - ${figure(summary.thirdQuartile)}`;
    return `    ${name.padEnd(26)} ${figure(summary.median).padStart(8)} ${result.unit}  (${spread})${against}`;
  });
  return [`  ${result.name}${goal}${result.isNoisy ? '  [noisy machine]' : ''}`, ...variants];
}

async function runGroup(name: string, group: Group): Promise<void> {
  const instance = await Instance.make('bench', { jails: { linger: 'always' } });
  try {
    const native = await buildNativePrograms(instance);
    const results = await group(instance, native);
    const directory = path.join(projectRoot, 'bench-results');
    mkdirSync(directory, { recursive: true });
    const report = { group: name, taken: new Date().toISOString(), machine: await describeMachine(), results };
    writeFileSync(path.join(directory, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
    process.stdout.write(`\n${name}\n${results.flatMap(linesOf).join('\n')}\n`);
  } finally {
    await instance.remove();
  }
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(groups, name));
if (unknown.length > 0) {
  process.stderr.write(`unknown group: ${unknown.join(' ')}; there are: ${Object.keys(groups).join(' ')}\n`);
  process.exitCode = 2;
} else {
  for (const [name, group] of Object.entries(groups)) {
    if (chosen.length === 0 || chosen.includes(name)) {
      await runGroup(name, group);
    }
  }
}
