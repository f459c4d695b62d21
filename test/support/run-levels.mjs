/**
 * Runs the levels of the tests in order, each as its npm script, and ends with one line "N passed, N failed".
 * A level that ran nothing fails; a skipped test fails unless allowed-skips.mjs lists it with a reason.
 *
 *   run-levels.mjs [level...]     all of them, or the named ones
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { say, secondsSince } from './launcher/progress.mjs';
import { isAllowedSkip } from './levels/allowed-skips.mjs';
import { levels } from './levels/levels.mjs';

/** Runs one npm script; SIGTERM, then SIGKILL, to its whole group when it is not done in time. */
function runScript(name, minutes, env) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    const timers = [
      setTimeout(() => process.kill(-child.pid, 'SIGTERM'), minutes * 60_000),
      setTimeout(() => process.kill(-child.pid, 'SIGKILL'), minutes * 60_000 + 20_000),
    ];
    const interrupt = () => process.kill(-child.pid, 'SIGTERM');
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    child.on('close', (code) => {
      timers.forEach(clearTimeout);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      resolve(code === 0);
    });
  });
}

/** What the count reporter wrote: one JSON line per test. */
function readResults(file) {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  } catch (error) {
    if (error.code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

/** Judges one level of node:test files: counts, and the reasons why it failed. */
function judgeTests(results, exitedWell) {
  const skipped = results.filter((result) => result.outcome === 'skipped');
  const badSkips = skipped.filter((result) => !isAllowedSkip(result.name));
  const failed = results.filter((result) => result.outcome === 'failed').length + badSkips.length;
  const passed = results.filter((result) => result.outcome === 'passed').length;
  const reasons = badSkips.map((result) => `skipped without being on the list: ${result.name} (${result.reason})`);
  if (passed === 0) {
    reasons.push('no test ran');
  }
  if (!exitedWell && failed === 0) {
    reasons.push('the test run itself failed');
  }
  return { passed, failed: Math.max(failed, reasons.length > 0 ? 1 : 0), skipped: skipped.length, reasons };
}

async function runLevel(level, scratch) {
  const results = path.join(scratch, `${level.script}.jsonl`);
  const from = process.hrtime.bigint();
  say(`\n== ${level.script}`);
  const exitedWell = await runScript(level.script, level.minutes, { JAILD_TEST_RESULTS: results });
  const verdict = level.countsTests
    ? judgeTests(readResults(results), exitedWell)
    : { passed: exitedWell ? 1 : 0, failed: exitedWell ? 0 : 1, skipped: 0, reasons: [] };
  for (const reason of verdict.reasons) {
    say(`  ${reason}`);
  }
  const skips = verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : '';
  say(`== ${level.script}: ${verdict.passed} passed, ${verdict.failed} failed${skips} (${secondsSince(from)} s)`);
  return verdict;
}

/** What the suites of a whole run shared. Nothing was shared when the build failed. */
async function removeSeed() {
  const built = new URL('../../dist/test/support/template-seed.js', import.meta.url);
  if (existsSync(built)) (await import(built.href)).removeSeed();
}

async function main(names) {
  const unknown = names.filter((name) => !levels.some((level) => level.script === name));
  if (unknown.length > 0) {
    say(`unknown level: ${unknown.join(' ')}; there are: ${levels.map((level) => level.script).join(' ')}`);
    return false;
  }
  const chosen = names.length === 0 ? levels : levels.filter((level) => names.includes(level.script));
  const scratch = mkdtempSync(path.join(tmpdir(), 'jaild-levels-'));
  const verdicts = [];
  try {
    for (const level of chosen) {
      const verdict = await runLevel(level, scratch);
      verdicts.push([level.script, verdict]);
      if (verdict.failed > 0 && level.isNeededByLater) {
        say(`  ${level.script} failed; what needs it does not run`);
        break;
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
    if (names.length === 0) await removeSeed();
  }
  const total = (key) => verdicts.reduce((sum, [, verdict]) => sum + verdict[key], 0);
  const notRun = chosen.length - verdicts.length;
  say(`\nwhole run: ${secondsSince()} s`);
  for (const [name, verdict] of verdicts.filter(([, each]) => each.failed > 0)) {
    say(`failed level: ${name} (${verdict.failed})`);
  }
  process.stdout.write(`${total('passed')} passed, ${total('failed') + notRun} failed\n`);
  return total('failed') + notRun === 0;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
