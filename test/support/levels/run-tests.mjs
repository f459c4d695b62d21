/**
 * Runs the built test files below dist/test/LEVEL with node:test, one file after the other (`--parallel N` for levels
 * that touch nothing outside their process), and reports to the screen and, when asked, to JAILD_TEST_RESULTS.
 *
 *   run-tests.mjs LEVEL [--parallel N] [part of a file name ...]
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(path.dirname(path.dirname(here)));

function testFiles(level, parts) {
  const directory = path.join(root, 'dist', 'test', level);
  const all = existsSync(directory) ? readdirSync(directory, { recursive: true }) : [];
  return all
    .filter((file) => file.endsWith('.test.js') && (parts.length === 0 || parts.some((part) => file.includes(part))))
    .sort()
    .map((file) => path.join(directory, file));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { parallel: { type: 'string', default: '1' } },
});
const [level = '', ...parts] = positionals;
const files = testFiles(level, parts);
const results = process.env.JAILD_TEST_RESULTS;
const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
if (results !== undefined) {
  reporters.push(`--test-reporter=${path.join(here, 'count-reporter.mjs')}`, `--test-reporter-destination=${results}`);
}
if (files.length === 0) {
  process.stderr.write(`no test file below dist/test/${level}\n`);
  process.exitCode = 1;
} else {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--test', `--test-concurrency=${values.parallel}`, ...reporters, ...files],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}
