import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CliOutcome, cli } from './cli-harness.js';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEqXDKvtDDDUjcCSYITb9AyWBN40ZJIpNPJXyqZI5Ry0 laptop';
const weakKey = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQDLp0Jl old';

let directory = '';
let config = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'jaild-cli-'));
  config = join(directory, 'jaild.ini');
  writeFileSync(config, `[server]\ninstance_dir = ${directory}\nlisten = 127.0.0.1:2222\n`);
  for (const name of ['state', 'run', 'log']) mkdirSync(join(directory, name));
  writeFileSync(join(directory, 'alice.pub'), `# mine\n${key}\n`);
});
after(() => rmSync(directory, { recursive: true, force: true }));

const run = (words: readonly string[], input?: string): Promise<CliOutcome> =>
  cli(['--config', config, ...words], input);
const data = async (words: readonly string[]): Promise<unknown> =>
  JSON.parse((await run(['--format', 'json', ...words])).out);
const isRoot = process.getuid?.() === 0;

describe('general options', { skip: isRoot ? false : 'records belong to root' }, () => {
  it('may stand before the noun or behind the verb', async () => {
    assert.equal((await cli(['account', 'list', '--config', config, '--format', 'json'])).out, '[]\n');
    assert.equal((await cli(['--config', config, '--format', 'json', 'account', 'list'])).out, '[]\n');
  });
});

describe('jailctl without a server', { skip: isRoot ? false : 'records belong to root' }, () => {
  it('makes, lists and shows an account', async () => {
    const added = await run(['account', 'add', 'alice', '--key', join(directory, 'alice.pub'), '--no-jail']);
    assert.equal(added.status, 0, added.fault);
    assert.deepEqual(await data(['account', 'list']), [
      { name: 'alice', owner: 'user:root', locked: false, jails: [] },
    ]);
    const shown = (await data(['account', 'show', 'alice'])) as {
      keys: { comment: string }[];
      password: boolean;
      ssh: string;
    };
    assert.deepEqual(
      [shown.keys[0]?.comment, shown.password, shown.ssh],
      ['laptop', false, 'ssh -p 2222 alice@127.0.0.1'],
    );
  });

  it('answers each failure with its own status', async () => {
    for (const [words, status, expected, input] of [
      [['account', 'add', 'alice', '--key', '-', '--no-jail'], 5, /already/, key],
      [['account', 'add', 'Bad Name', '--key', '-'], 2, /not an account name/, ''],
      [['account', 'add', 'bob', '--no-jail'], 2, /--key FILE or --password-stdin/, ''],
      [['account', 'add', 'bob', '--key', '-', '--no-jail'], 2, /no public key/, '# nothing\n'],
      [['account', 'add', 'bob', '--key', '-', '--no-jail'], 2, /key 1/, weakKey],
      [['account', 'add', 'bob', '--key', '-', '--no-jail'], 2, /private key/, '-----BEGIN OPENSSH PRIVATE KEY-----\n'],
      [['account', 'add', 'bob', '--key', '/nowhere/x.pub', '--no-jail'], 2, /\/nowhere\/x\.pub/, ''],
      [['account', 'add', 'bob', '--key', '-'], 3, /"host" has not been built/, key],
      [['account', 'add', 'bob', '--key', '-', '--pids', 'many'], 2, /--pids/, key],
      [['account', 'add', 'bob', '--key', '-', '--profile', 'soft'], 2, /--profile.*strict/, key],
      [['account', 'add', 'bob', '--key', '-', '--disk', '1G'], 1, /disk limit/, key],
      [['account', 'show', 'nobody-here'], 3, /nobody-here/, ''],
      [['account', 'set', 'alice'], 2, /--owner/, ''],
      [['account', 'set', 'alice', '--expires', 'soon'], 2, /--expires/, ''],
      [['account', 'set', 'alice', '--owner', 'x'], 2, /owner/, ''],
      [['account', 'delete', 'alice'], 2, /--yes/, ''],
      [['account', 'key', 'remove', 'alice', '7'], 3, /no key 7/, ''],
      [['jail', 'create', 'nobody-here'], 3, /nobody-here/, ''],
      [['jail', 'show', 'nobody-here'], 3, /nobody-here/, ''],
      [['jail', 'start', 'alice'], 75, /jaild serve/, ''],
      [['session', 'list'], 75, /jaild serve/, ''],
      [['template', 'show', 'nothing'], 3, /nothing/, ''],
      [['template', 'build', 'nothing'], 3, /nothing\.ini/, ''],
      [['template', 'check', '/nowhere.ini'], 3, /nowhere/, ''],
      [['completion', 'names', 'things'], 2, /things/, ''],
    ] as const) {
      const outcome = await run(words, input);
      assert.equal(outcome.status, status, `${words.join(' ')}: ${outcome.fault}`);
      assert.match(outcome.fault, expected, words.join(' '));
      assert.equal(outcome.out, '', words.join(' '));
    }
    assert.deepEqual(
      ((await data(['account', 'list'])) as { name: string }[]).map(({ name }) => name),
      ['alice'],
    );
  });

  it('locks, sets options, changes keys and password, and writes each act down', async () => {
    for (const words of [
      ['account', 'lock', 'alice'],
      ['account', 'unlock', 'alice'],
      [
        'account',
        'set',
        'alice',
        '--from',
        '192.0.2.0/24',
        '--methods',
        'publickey+password',
        '--max-sessions',
        '3',
        '--expires',
        '2030-01-01T00:00:00Z',
      ],
      ['account', 'set', 'alice', '--from', 'any', '--max-sessions', 'default'],
      ['account', 'key', 'add', 'alice', `restrict ${key.replace('laptop', 'phone')}`],
    ]) {
      const { status, fault } = await run(words);
      assert.equal(status, 0, `${words.join(' ')}: ${fault}`);
    }
    const withPassword = await run(['account', 'password', 'alice', '--password-stdin'], 'correct horse\nmore');
    assert.equal(withPassword.status, 0, withPassword.fault);
    const shown = (await data(['account', 'show', 'alice'])) as { options: object; password: boolean; keys: unknown[] };
    assert.deepEqual(
      [shown.options, shown.password, shown.keys.length],
      [{ methods: [['publickey', 'password']], expires: '2030-01-01T00:00:00.000Z' }, true, 2],
    );
    const audit = readFileSync(join(directory, 'log/audit.log'), 'utf8');
    for (const event of [
      'account.created',
      'account.locked',
      'account.unlocked',
      'account.changed',
      'key.added',
      'password.changed',
    ])
      assert.match(audit, new RegExp(`"event":"${event}"`));
    assert.doesNotMatch(audit + withPassword.out + withPassword.words, /correct horse|\$y\$/);
  });

  it('deletes an account when told to', async () => {
    assert.equal((await run(['account', 'delete', 'alice', '--yes'])).status, 0);
    assert.deepEqual(await data(['account', 'list']), []);
  });

  it('lists recipes that have not been built', async () => {
    const rows = (await data(['template', 'list'])) as { name: string; state: string }[];
    assert.ok(rows.some(({ name, state }) => name === 'host' && state === 'not-built'));
  });
});
