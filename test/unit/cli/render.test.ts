import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { confirm } from '../../../src/cli/confirm.js';
import { GivenOptions } from '../../../src/cli/given-options.js';
import { readLimits, readSettings, readTemplate } from '../../../src/cli/jail-options.js';
import { Output } from '../../../src/cli/output.js';
import { showAge, showBytes } from '../../../src/cli/render/quantity.js';
import { formatTable } from '../../../src/cli/render/table.js';
import type { CliStreams } from '../../../src/cli/terminal.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';

describe('formatTable', () => {
  const columns = [
    { title: 'name', cell: (row: readonly string[]) => row[0] ?? '' },
    { title: 'b', cell: (row: readonly string[]) => row[1] ?? '' },
  ];

  it('pads columns and marks empty cells', () => {
    assert.equal(
      formatTable(
        [
          ['alice', ''],
          ['b', 'x'],
        ],
        columns,
      ),
      'NAME   B\nalice  -\nb      x\n',
    );
  });

  it('escapes what would move the cursor (L03)', () => {
    const text = formatTable([['\u001b]0;x\u0007', 'a\nb\u202e']], columns);
    assert.doesNotMatch(text, /\u001b|\u0007|\u202e/);
    assert.equal(text.split('\n').length, 3);
  });
});

describe('Output', () => {
  it('keeps data on stdout and words on stderr', () => {
    const [data, words] = [new PassThrough(), new PassThrough()];
    const output = new Output('json', { data, words });
    output.list([{ a: 1 }], []);
    output.say('hello');
    assert.deepEqual(JSON.parse(String(data.read())), [{ a: 1 }]);
    assert.equal(String(words.read()), 'hello\n');
  });
});

describe('quantities', () => {
  it('are short', () => {
    assert.deepEqual(
      [showBytes(0), showBytes(1536), showBytes(5 * 1024 ** 3), showBytes(undefined)],
      ['0 B', '1.5 KiB', '5.0 GiB', undefined],
    );
    assert.deepEqual(
      [showAge(0, 59_999), showAge(0, 3_600_000), showAge(null, 1), showAge(10, 0)],
      ['59s', '1h', '', '0s'],
    );
  });
});

function given(values: Readonly<Record<string, true | readonly string[]>>): GivenOptions {
  return new GivenOptions(new Map(Object.entries(values)));
}

describe('jail options', () => {
  it('set, keep and take away limits', () => {
    const limits = readLimits(given({ memory: ['512M'], pids: ['none'], cpu: ['150'] }), { pids: 10, openFiles: 64 });
    assert.deepEqual(limits, { memoryBytes: 512 * 1024 ** 2, cpuPercent: 150, openFiles: 64 });
  });

  it('read settings, and lists that replace', () => {
    const settings = readSettings(
      given({ network: ['none'], autostart: ['yes'], volume: ['ro:/srv:/data'], device: ['none'] }),
    );
    assert.deepEqual(settings, {
      network: 'none',
      autostart: true,
      devices: [],
      volumes: [{ access: 'ro', source: '/srv', target: '/data' }],
    });
  });

  it('read a template with and without a version', () => {
    assert.deepEqual(readTemplate(given({ template: ['debian@stable'] })), {
      template: 'debian',
      templateVersion: 'stable',
    });
    assert.deepEqual(readTemplate(given({ template: ['debian'] })), { template: 'debian' });
    for (const text of ['../x', '-x', 'a@b@c', 'A\nB'])
      assert.throws(() => readTemplate(given({ template: [text] })), text);
  });
});

describe('confirm', () => {
  const noTerminal: CliStreams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    environment: {},
  };

  it('wants --yes where nobody can be asked', async () => {
    await confirm(noTerminal, 'Remove?', true);
    await assert.rejects(
      confirm(noTerminal, 'Remove?', false),
      (error) => isJaildError(error, 'usage') && /--yes/.test(error.message),
    );
  });

  it('takes y for yes and everything else for no', async () => {
    for (const [answer, isYes] of [
      ['y\n', true],
      ['yes\n', true],
      ['\n', false],
      ['n\n', false],
      ['', false],
    ] as const) {
      const stdin = Object.assign(new PassThrough(), { isTTY: true });
      const stderr = Object.assign(new PassThrough(), { isTTY: true });
      const asked = confirm({ stdin, stdout: new PassThrough(), stderr, environment: {} }, 'Remove?', false);
      stdin.end(answer);
      if (isYes) await asked;
      else await assert.rejects(asked, (error) => isJaildError(error, 'usage'), JSON.stringify(answer));
    }
  });
});
