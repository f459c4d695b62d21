import assert from 'node:assert/strict';
import { mkdtempSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, it } from 'node:test';
import { CliContext } from '../../../src/cli/context.js';
import { runProgram } from '../../../src/cli/program.js';
import type { CliStreams } from '../../../src/cli/terminal.js';
import type { Verb, VerbCall } from '../../../src/cli/verb.js';
import { nouns, verbs } from '../../../src/cli/verbs.js';
import { toExitStatus } from '../../../src/errors/presentation.js';

const directory = mkdtempSync(join(tmpdir(), 'jaild-unit-cli-'));
const config = join(directory, 'jaild.ini');
writeFileSync(config, `[server]\ninstance_dir = ${directory}\n`);
after(() => {
  unlinkSync(config);
  rmdirSync(directory);
});

/** Runs a line against a host where no server runs; answers the exit status and what stood on stdout. */
async function run(
  table: readonly Verb[],
  words: readonly string[],
): Promise<{ status: number; data: string; fault: string }> {
  const stdout = new PassThrough();
  const streams: CliStreams = { stdin: new PassThrough(), stdout, stderr: new PassThrough(), environment: {} };
  const { signal } = new AbortController();
  const makeContext: Parameters<typeof runProgram>[0]['makeContext'] = (configFile, output) =>
    new CliContext({ output, streams, signal, configFile });
  let [status, fault] = [0, ''];
  try {
    status = await runProgram({ verbs: table, nouns, version: '0', streams, makeContext }, words);
  } catch (error) {
    [status, fault] = [toExitStatus(error), String(error)];
  }
  return { status, data: stdout.read()?.toString() ?? '', fault };
}

/** The table with verbs that only note how they were called. */
function recorded(calls: { verb: Verb; call: VerbCall }[]): Verb[] {
  return verbs.map((verb) => ({
    ...verb,
    run: (call) => {
      calls.push({ verb, call });
      return Promise.resolve(undefined);
    },
  }));
}

async function parse(words: readonly string[]): Promise<VerbCall> {
  const calls: { verb: Verb; call: VerbCall }[] = [];
  const { fault } = await run(recorded(calls), words);
  const [first] = calls;
  assert.ok(first !== undefined, fault);
  return first.call;
}

describe('verbs of jails, sessions and the server', () => {
  const mine = verbs.filter(({ words }) => ['jail', 'session', 'server'].includes(words[0] ?? ''));

  it('are the ones that the design names', () => {
    const names = mine.map(({ words }) => words.join(' ')).sort();
    const jail = ['create', 'delete', 'enter', 'exec', 'list', 'reset', 'restart', 'set', 'show', 'start', 'stop'].map(
      (verb) => `jail ${verb}`,
    );
    assert.deepEqual(names, [
      ...jail,
      'server drain',
      'server reload',
      'server status',
      'session kill',
      'session list',
    ]);
  });

  for (const verb of mine) {
    it(`${verb.words.join(' ')} has an example that is understood`, async () => {
      const calls: { verb: Verb; call: VerbCall }[] = [];
      const { status, fault } = await run(recorded(calls), verb.example.split(' ').slice(1));
      assert.equal(status, 0, fault);
      assert.deepEqual(calls[0]?.verb.words, verb.words);
    });
  }

  it('exec leaves everything after the jail to the program', async () => {
    const call = await parse(['jail', 'exec', '--user', 'www', 'alice', '--', 'ls', '--yes', '-l', '--', 'x']);
    assert.equal(call.options.text('user'), 'www');
    assert.deepEqual(call.args, ['alice', '--', 'ls', '--yes', '-l', '--', 'x']);
  });
});

describe('exit status without a server', () => {
  const cases: readonly (readonly [words: string, status: number, fault: RegExp])[] = [
    ['session list', 75, /no server answers/],
    ['session kill s-1', 75, /no server answers/],
    ['server status', 75, /no server answers/],
    ['server reload', 75, /no server answers/],
    ['server drain --yes', 75, /no server answers/],
    ['server drain', 2, /--yes/],
    ['jail start alice', 75, /no server answers/],
    ['jail stop alice', 75, /no server answers/],
    ['jail restart alice', 75, /no server answers/],
    ['jail exec alice -- true', 75, /no server answers/],
    ['jail start Bad+Name+Twice', 2, /jail name/],
    ['jail stop alice --timeout soon', 2, /--timeout/],
    ['jail exec alice', 2, /command/],
    ['jail exec alice --', 2, /which program/],
    ['jail exec alice --user bob -- true', 2, /before the jail's name/],
    ['session kill s-1 --signal 9;', 2, /signal/],
    ['jail enter', 2, /name/],
    ['jail frobnicate', 2, /frobnicate/],
  ];
  for (const [words, status, fault] of cases) {
    it(`jailctl ${words} is ${status}`, async () => {
      const outcome = await run(verbs, ['--config', config, ...words.split(' ')]);
      assert.equal(outcome.status, status, outcome.fault);
      assert.match(outcome.fault, fault);
      assert.equal(outcome.data, '', 'words are no data');
    });
  }
});
