import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAccountName, parseBaseId, parseJailName } from '../../../src/base/brands.js';
import { parseSubnet } from '../../../src/base/ip.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { type Account, accountKind, openAccounts } from '../../../src/store/accounts.js';
import { type Jail, jailKind, openJails } from '../../../src/store/jails.js';
import { formatRecord, parseRecord } from '../../../src/store/record-codec.js';

const created = '2026-01-31T12:00:00.000Z';
const alice: Account = {
  name: parseAccountName('alice'),
  owner: 'user:root',
  state: 'active',
  created,
  keys: [],
  options: {},
};

const accountName = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,31}$/).map(parseAccountName);
const account: fc.Arbitrary<Account> = fc.record(
  {
    name: accountName,
    owner: fc.constantFrom('user:root', 'group:ops'),
    state: fc.constantFrom('active' as const, 'locked' as const),
    created: fc.constant(created),
    defaultJail: accountName.map((name) => parseJailName(`${name}+web`)),
    passwordHash: fc.constantFrom('$y$j9T$abc$def/.', '$6$x$y', '!'),
    keys: fc.array(
      fc.string({ minLength: 16, maxLength: 80 }).filter((line) => !/[\0\r\n]/.test(line)),
      { maxLength: 4 },
    ),
    options: fc.record(
      {
        methods: fc.constantFrom(
          [['publickey' as const]],
          [['publickey' as const, 'password' as const], ['password' as const]],
        ),
        forwarding: fc.boolean(),
        maxSessions: fc.integer({ min: 1, max: 10_000 }),
        from: fc.constantFrom([parseSubnet('10.0.0.0/8'), parseSubnet('fd00::/48')]),
        expires: fc.constant(created),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
  { requiredKeys: ['name', 'owner', 'state', 'created', 'keys', 'options'], noNullPrototype: true },
);

const jail: fc.Arbitrary<Jail> = fc
  .record({
    account: accountName,
    index: fc.nat(1000),
    autostart: fc.boolean(),
    memory: fc.integer({ min: 2 ** 23, max: 2 ** 40 }),
    target: fc.stringMatching(/^\/[a-z "#;=]{1,20}[a-z]$/),
  })
  .map(({ account: name, index, autostart, memory, target }) => ({
    name: parseJailName(`${name}+x`),
    account: name,
    owner: 'user:root',
    created,
    template: 'debian' as Jail['template'],
    templateVersion: '20260131-abc',
    hostname: 'x' as Jail['hostname'],
    base: parseBaseId(0x0600_0000 + index * 65_536),
    profile: 'standard',
    network: 'nat',
    linger: 'processes',
    autostart,
    devices: ['net/tun'],
    limits: { memoryBytes: memory, pids: 100 },
    volumes: [
      {
        access: 'ro',
        source: target as Jail['volumes'][number]['source'],
        target: target as Jail['volumes'][number]['target'],
      },
    ],
  }));

describe('record codecs', () => {
  it('read back what they write', () => {
    fc.assert(
      fc.property(account, (value) =>
        assert.deepEqual(parseRecord(accountKind, formatRecord(accountKind, value), 'x'), value),
      ),
    );
    fc.assert(
      fc.property(jail, (value) => assert.deepEqual(parseRecord(jailKind, formatRecord(jailKind, value), 'x'), value)),
    );
  });

  it('notice a record that was cut off anywhere', () => {
    const text = formatRecord(accountKind, {
      ...alice,
      keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 a', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 b'],
    });
    for (let length = 0; length < text.length - 1; length += 1) {
      assert.throws(
        () => parseRecord(accountKind, text.slice(0, length), 'x'),
        (error) => isJaildError(error, 'record-damaged'),
        `${length}`,
      );
    }
  });

  it('refuse a newer version in words', () => {
    const newer = formatRecord(accountKind, alice).replace('version = 1', 'version = 2');
    assert.throws(
      () => parseRecord(accountKind, newer, 'a.ini'),
      (error) => isJaildError(error, 'record-too-new') && /a\.ini: version 2 is newer than 1/.test(error.message),
    );
  });

  it('name the line of a value that is wrong and of a key that is unknown', () => {
    const text = formatRecord(accountKind, alice)
      .replace('state = active', 'state = sleepy')
      .replace('[account]', '[account]\ncolour = red');
    assert.throws(
      () => parseRecord(accountKind, text, 'a.ini'),
      (error) =>
        isJaildError(error, 'record-invalid') &&
        /a\.ini:7: \[account\] state: "sleepy" is not one of/.test(error.message) &&
        /a\.ini:4: \[account\] has no key colour/.test(error.message),
    );
  });

  it('refuse a jail that names another account', () => {
    const [value] = fc.sample(jail, 1);
    assert.ok(value);
    assert.throws(
      () => parseRecord(jailKind, formatRecord(jailKind, { ...value, account: parseAccountName('zz') }), 'x'),
      (error) => isJaildError(error, 'record-invalid'),
    );
  });

  it('never throw anything but our faults', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        assert.throws(
          () => parseRecord(accountKind, `[account]\n${text}`, 'x'),
          (error) => isJaildError(error, 'record-damaged', 'record-invalid'),
        );
      }),
    );
  });
});

describe('record store', () => {
  let stateDir = '';
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'jaild-store-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true }));
  const file = () => join(stateDir, 'accounts', 'alice.ini');

  it('creates, finds, changes, lists and removes', async () => {
    const accounts = openAccounts({ stateDir: stateDir as never });
    assert.equal(await accounts.find(alice.name), undefined);
    await accounts.create(alice);
    await assert.rejects(accounts.create(alice), (error) => isJaildError(error, 'record-exists'));
    assert.deepEqual(await accounts.find(alice.name), alice);
    await accounts.change(alice.name, (value) => ({ ...value, state: 'locked' }));
    assert.equal((await accounts.require(alice.name)).state, 'locked');
    assert.deepEqual(accounts.listNames(), ['alice']);
    await accounts.remove(alice.name);
    await assert.rejects(accounts.require(alice.name), (error) => isJaildError(error, 'record-missing'));
    await assert.rejects(accounts.remove(alice.name), (error) => isJaildError(error, 'record-missing'));
  });

  it('sees what another process changed', async () => {
    const [mine, other] = [
      openAccounts({ stateDir: stateDir as never }),
      openAccounts({ stateDir: stateDir as never }),
    ];
    await mine.create(alice);
    assert.equal((await other.require(alice.name)).state, 'active');
    await mine.change(alice.name, (value) => ({ ...value, state: 'locked' }));
    assert.equal((await other.require(alice.name)).state, 'locked');
  });

  it('loses no change of two that happen at once', async () => {
    const accounts = openAccounts({ stateDir: stateDir as never });
    await accounts.create(alice);
    const line = (index: number) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 key-${index}`;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        accounts.change(alice.name, (value) => ({ ...value, keys: [...value.keys, line(index)] })),
      ),
    );
    assert.equal((await accounts.require(alice.name)).keys.length, 10);
  });

  it('moves a damaged record aside, says so, and keeps the name from looking free', async () => {
    for (const text of ['', '[account]\nname = alice\n', 'garbage', '\0\0\0\0']) {
      const told: string[] = [];
      const accounts = openAccounts({ stateDir: stateDir as never }, (_file, movedTo) => told.push(movedTo));
      mkdirSync(join(stateDir, 'accounts'), { recursive: true });
      writeFileSync(file(), text);
      await assert.rejects(
        accounts.find(alice.name),
        (error) => isJaildError(error, 'record-damaged') && /is kept as .*alice\.ini\.damaged-/.test(error.message),
      );
      assert.equal(told.length, 1);
      assert.equal(readFileSync(told[0] ?? '', 'utf8'), text);
      await assert.rejects(accounts.find(alice.name), (error) => isJaildError(error, 'record-damaged'));
      await assert.rejects(accounts.create(alice), (error) => isJaildError(error, 'record-damaged'));
      rmSync(told[0] ?? '');
      assert.equal(await accounts.find(alice.name), undefined);
    }
  });

  it('leaves newer and mistyped records where they are', async () => {
    const accounts = openAccounts({ stateDir: stateDir as never });
    await accounts.create(alice);
    const good = readFileSync(file(), 'utf8');
    for (const [text, code] of [
      [good.replace('version = 1', 'version = 7'), 'record-too-new'],
      [good.replace('active', 'sleepy'), 'record-invalid'],
    ] as const) {
      writeFileSync(file(), text);
      await assert.rejects(accounts.find(alice.name), (error) => isJaildError(error, code));
      assert.equal(readFileSync(file(), 'utf8'), text);
    }
    const { values, faults } = await accounts.list();
    assert.deepEqual([values.length, faults.map((fault) => fault.code)], [0, ['record-invalid']]);
  });

  it('writes nothing that it would refuse to read', async () => {
    const accounts = openAccounts({ stateDir: stateDir as never });
    await assert.rejects(accounts.create({ ...alice, owner: 'nobody in particular' }), (error) =>
      isJaildError(error, 'record-invalid'),
    );
    assert.deepEqual(readdirSync(join(stateDir, 'accounts')), ['.lock']);
  });

  it('keeps a jail in a directory of its own', async () => {
    const [value] = fc.sample(jail, 1);
    assert.ok(value);
    const jails = openJails({ stateDir: stateDir as never });
    await jails.create(value);
    mkdirSync(join(stateDir, 'jails', 'half-made'));
    assert.deepEqual(jails.listNames(), [value.name]);
    assert.deepEqual(await jails.require(value.name), value);
  });
});
