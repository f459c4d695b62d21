import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Verb } from '../../../src/cli/verb.js';
import { nouns, verbs } from '../../../src/cli/verbs.js';
import { cli } from './cli-harness.js';

const commandsDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../src/cli/commands');
const nameOf = (verb: Verb): string => verb.words.join(' ');

/** Every verb that ends or removes something: it asks, or wants --yes. */
const destructive = ['account delete', 'jail delete', 'jail reset', 'server drain'];

describe('the verb table', () => {
  it('has every verb once, and every file below commands/', () => {
    const names = verbs.map(nameOf);
    assert.deepEqual([...new Set(names)], names);
    const files = readdirSync(commandsDir, { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.js'))
      .map((file) => file.slice(0, -3).split(path.sep).join(' '));
    assert.deepEqual([...files].sort(), [...names].sort());
  });

  it('has what issue and design ask for', () => {
    const wanted = [
      'init',
      'doctor',
      'account add',
      'account list',
      'account show',
      'account set',
      'account lock',
      'account unlock',
      'account password',
      'account delete',
      'account key add',
      'account key list',
      'account key remove',
      'jail list',
      'jail show',
      'jail create',
      'jail start',
      'jail stop',
      'jail restart',
      'jail enter',
      'jail exec',
      'jail set',
      'jail reset',
      'jail delete',
      'template build',
      'template list',
      'template show',
      'template verify',
      'template check',
      'session list',
      'session kill',
      'completion bash',
      'completion zsh',
    ];
    const names = new Set(verbs.map(nameOf));
    assert.deepEqual(
      wanted.filter((name) => !names.has(name)),
      [],
    );
  });

  it('explains every noun', () => {
    for (const verb of verbs) {
      for (let depth = 1; depth < verb.words.length; depth += 1) {
        const noun = verb.words.slice(0, depth).join(' ');
        assert.ok(nouns[noun] !== undefined && nouns[noun] !== '', noun);
      }
    }
  });

  it('marks what must be confirmed', () => {
    for (const name of destructive) {
      assert.ok(
        verbs.find((verb) => nameOf(verb) === name)?.options?.some((option) => option.name === 'yes'),
        name,
      );
    }
  });

  for (const verb of verbs) {
    const name = nameOf(verb);

    it(`${name} helps with its summary and an example that is a command line of its own`, async () => {
      const { status, out, fault } = await cli([...verb.words, '--help']);
      assert.equal(status, 0, fault);
      assert.ok(out.replace(/\s+/g, ' ').includes(verb.summary), out);
      assert.ok(out.includes(`Example:\n  ${verb.example}`), out);
      assert.ok(verb.example.startsWith(`jailctl ${name}`), verb.example);
      for (const option of verb.options ?? []) assert.ok(out.includes(`--${option.name}`), option.name);
    });

    it(`${name} shows only options in its example that it has`, () => {
      const own = verb.example.split(' -- ')[0] ?? '';
      const known = new Set((verb.options ?? []).map((option) => `--${option.name}`));
      for (const word of own.split(' ').filter((each) => each.startsWith('--'))) assert.ok(known.has(word), word);
    });

    it(`${name} refuses an option that it does not have, and missing arguments, as usage`, async () => {
      const odd = await cli([...verb.words, '--no-such-option']);
      assert.equal(odd.status, 2, odd.fault);
      assert.match(odd.fault, /^usage: .*no-such-option/);
      if ((verb.args ?? []).some((argument) => argument.optional !== true)) {
        const { status, fault } = await cli(verb.words);
        assert.equal(status, 2, fault);
        assert.match(fault, /^usage: missing required argument/);
      }
    });

    it(`${name} takes variadic and optional arguments last only`, () => {
      const args = verb.args ?? [];
      for (const argument of args.slice(0, -1)) assert.equal(argument.variadic, undefined, argument.name);
      const firstOptional = args.findIndex((argument) => argument.optional === true);
      if (firstOptional >= 0) assert.ok(args.slice(firstOptional).every((argument) => argument.optional === true));
    });
  }
});

describe('wrong words', () => {
  it('are usage faults that name the way out, on one line', async () => {
    for (const [words, expected] of [
      [[], /say what to do: .*account/],
      [['acount'], /did you mean "account"/],
      [['account'], /account: say what to do: add, list/],
      [['account', 'ad'], /did you mean "add"/],
      [['account', 'key', 'delet'], /account key/],
      [['jail', 'start', 'a', 'b'], /too many arguments/],
      [['jail', 'list', '--format', 'xml'], /xml/],
      [['--format', 'xml', 'jail', 'list'], /json/],
    ] as const) {
      const { status, fault } = await cli(words);
      assert.equal(status, 2, `${words.join(' ')}: ${fault}`);
      assert.match(fault, expected);
      assert.equal(fault.split('\n').length, 1, fault);
    }
  });

  it('print nothing on stdout', async () => {
    assert.equal((await cli(['nothing'])).out, '');
  });
});

describe('general options', () => {
  it('print version and help without a configuration', async () => {
    assert.deepEqual([(await cli(['--version'])).out, (await cli(['--help'])).status], ['1.2.3\n', 0]);
  });

  it('name a configuration file that is not there', async () => {
    const { status, fault } = await cli(['--config', '/nowhere/jaild.ini', 'jail', 'list']);
    assert.equal(status, 3, fault);
    assert.match(fault, /\/nowhere\/jaild\.ini/);
  });
});
