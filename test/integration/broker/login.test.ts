import assert from 'node:assert/strict';
import { randomBytes, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAccountName } from '../../../src/base/brands.js';
import { SshReader } from '../../../src/broker/ssh-wire.js';
import { parseUserKey } from '../../../src/broker/user-keys.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import type { DoorClient } from '../../../src/privsep/door-client.js';
import { openAccounts } from '../../../src/store/accounts.js';
import { makeTestKey } from '../../unit/broker/ssh-keys.js';
import { BrokerFixture, password } from './fixture.js';

const isClosed = (error: unknown): boolean => isJaildError(error, 'door-closed');

describe('login at the broker', () => {
  const [first, second, foreign] = [
    makeTestKey(['-t', 'ed25519']),
    makeTestKey(['-t', 'ed25519']),
    makeTestKey(['-t', 'ed25519']),
  ];
  let broker: BrokerFixture;
  let listener: DoorClient;

  before(async () => {
    broker = new BrokerFixture('[auth]\nmax_tries = 6\n');
    await broker.addAccount('alice', { keys: [`restrict ${first.line}`, second.line] });
    await broker.addAccount('bob', { keys: [second.line] });
    await broker.addAccount('carol', { keys: [first.line], options: { methods: [['publickey', 'password']] } });
    await broker.addAccount('dave', { state: 'locked', keys: [first.line] });
    writeFileSync(join(broker.directory, 'state/accounts/erin.ini'), '[account]\nname = erin\n');
    await broker.start();
    listener = broker.socket('listener.sock');
  });
  after(async () => {
    listener.close();
    await broker.remove();
  });

  it('signs the hash that it computes, with the key that it announced', async () => {
    const connection = await broker.connect(listener);
    const { hash, signature } = await connection.exchange();
    const reader = new SshReader(Buffer.from(signature, 'base64'));
    assert.equal(reader.name(), 'ssh-ed25519');
    const key = parseUserKey(Buffer.from(connection.hostKeys[0]?.blob ?? '', 'base64'), 2048).key;
    assert.ok(verify(null, Buffer.from(hash, 'base64'), key, reader.string()));
    await assert.rejects(connection.begin(), isClosed, 'begin may be asked once');
  });

  it('signs nothing for a cookie twice, for another server line, or for a cookie of its own making', async () => {
    for (const spoil of ['reuse', 'ident', 'cookie'] as const) {
      const connection = await broker.connect(listener);
      const parts = connection.exchangeParts();
      if (spoil === 'reuse') await connection.exchange(parts);
      const changes = {
        reuse: parts,
        ident: { serverIdent: Buffer.from('SSH-2.0-x').toString('base64') },
        cookie: { serverKexInit: Buffer.concat([Buffer.of(20), randomBytes(61)]).toString('base64') },
      };
      await assert.rejects(
        connection.door.ask('sign-exchange', connection.exchangeParts(changes[spoil])),
        isClosed,
        spoil,
      );
    }
    assert.ok(
      broker.audit.some(
        (line) => line['event'] === 'door.violated' && line['reason'] === 'the cookie is not the one given out',
      ),
    );
  });

  it('accepts a key that signed, with the options of that very key (A07)', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    assert.equal((await connection.probeKey('alice', first)).outcome, 'known');
    const verdict = await connection.tryKey('alice', second);
    assert.ok(verdict.outcome === 'accepted' && verdict.policy.terminal && verdict.policy.forwarding);
    const other = await broker.connect(listener);
    await other.exchange();
    const restricted = await other.tryKey('alice', first);
    assert.ok(restricted.outcome === 'accepted' && !restricted.policy.terminal && !restricted.policy.forwarding);
    for (const each of [connection, other]) each.door.close();
  });

  it('refuses garbage, a replay, and a signature for somebody else (A04, A05, A06)', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    const question = {
      user: 'bob',
      service: 'ssh-connection',
      algorithm: 'ssh-ed25519',
      blob: second.blob.toString('base64'),
    } as const;
    const garbage = await connection.door.ask('check-publickey', {
      ...question,
      signature: randomBytes(83).toString('base64'),
    });
    const replay = await connection.tryKey('bob', second, { sessionId: randomBytes(32) });
    const asOther = await connection.tryKey('bob', second, { signFor: 'alice' });
    assert.deepEqual([garbage.answer.outcome, replay.outcome, asOther.outcome], ['rejected', 'rejected', 'rejected']);
    assert.equal((await connection.tryKey('bob', second)).outcome, 'accepted');
    connection.door.close();
  });

  it('answers unknown, locked and wrong alike (A01, A03)', async () => {
    const answers = new Set<string>();
    for (const user of ['alice', 'nobody', 'dave', '../x', '__proto__']) {
      const connection = await broker.connect(listener);
      await connection.exchange();
      answers.add(
        JSON.stringify([
          await connection.probeKey(user, foreign),
          await connection.tryKey(user, foreign),
          await connection.tryPassword(user, 'wrong'),
        ]),
      );
      connection.door.close();
    }
    assert.equal(answers.size, 1, [...answers].join('\n'));
  });

  it('says unavailable for a damaged record, and counts no try', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    const verdict = await connection.tryPassword('erin', password);
    assert.deepEqual(verdict, { outcome: 'unavailable', methods: ['publickey', 'password'], triesLeft: 6 });
    assert.ok(broker.lines.some((line) => line['event'] === 'record.quarantined'));
    connection.door.close();
  });

  it('cuts at the sixth try (A14)', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    for (let left = 5; left >= 0; left -= 1) {
      const verdict = await connection.tryPassword('alice', 'wrong');
      assert.ok(verdict.outcome === 'rejected' && verdict.triesLeft === left);
    }
    await assert.rejects(connection.tryPassword('alice', password), isClosed);
  });

  it('needs all methods of a chain, and keeps the order', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    assert.equal((await connection.tryPassword('carol', password)).outcome, 'rejected');
    const half = await connection.tryKey('carol', first);
    assert.ok(half.outcome === 'partial' && half.methods.join() === 'password');
    assert.equal((await connection.tryPassword('bob', 'wrong')).outcome, 'rejected', 'another user begins anew');
    assert.equal((await connection.tryPassword('carol', password)).outcome, 'rejected', 'the first half was given up');
    await connection.tryKey('carol', first);
    assert.equal((await connection.tryPassword('carol', password)).outcome, 'accepted');
    connection.door.close();
  });

  it('ends a worker that asks out of turn (X13, A17, A25)', async () => {
    const early = await broker.connect(listener);
    await assert.rejects(early.door.ask('open-session', { kind: 'shell', environment: [] }), isClosed);
    const noExchange = await broker.connect(listener);
    await assert.rejects(noExchange.tryPassword('alice', password), isClosed);
    const twice = await broker.connect(listener);
    await twice.exchange();
    const both = await Promise.allSettled([twice.tryPassword('alice', 'wrong'), twice.tryPassword('alice', password)]);
    assert.ok(both.every((each) => each.status === 'rejected'));
    const late = await broker.connect(listener);
    await late.exchange();
    assert.equal((await late.tryPassword('alice', password)).outcome, 'accepted');
    await assert.rejects(late.tryPassword('alice', password), isClosed);
  });

  it('knows no jail but the one of the login (X14)', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    const verdict = await connection.tryPassword('alice+nowhere', password);
    assert.ok(verdict.outcome === 'accepted' && verdict.jail === 'alice+nowhere');
    const { answer } = await connection.door.ask('open-session', { kind: 'shell', environment: [] });
    assert.ok(answer.outcome === 'refused' && answer.code === 'no-jail');
    connection.door.close();
  });

  it('tells the listener of logins and ends', async () => {
    const told: string[] = [];
    listener.on('connection-authenticated', ({ connectionId, account }) => told.push(`${connectionId} ${account}`));
    const ends = new Set<string>();
    let wake: () => void = () => undefined;
    listener.on('connection-ended', ({ connectionId }) => {
      ends.add(connectionId);
      wake();
    });
    const connection = await broker.connect(listener);
    await connection.exchange();
    await connection.tryPassword('alice', password);
    await connection.door.ask('end', { reason: 'over\n\u001b[31m', bytesIn: 1, bytesOut: 2 });
    connection.door.close();
    while (!ends.has(connection.connectionId)) await new Promise<void>((resolve) => (wake = resolve));
    assert.deepEqual(told, [`${connection.connectionId} alice`]);
    const line = broker.audit.find(
      (each) => each['event'] === 'connection.ended' && each['connection'] === connection.connectionId,
    );
    assert.ok(line !== undefined && !JSON.stringify(line).includes('\u001b') && line['bytesOut'] === 2);
  });

  it('writes no password down, not even one that was typed as a name (L04)', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    await connection.tryPassword('My Secret!', 'sesame-open');
    await connection.tryPassword('alice', 'sesame-open');
    connection.door.close();
    const written = JSON.stringify([broker.audit, broker.lines]);
    assert.ok(!written.includes('My Secret!') && !written.includes('sesame-open'));
  });

  it('ends the connection when another account of the same name takes the place of its own', async () => {
    await broker.addAccount('twin');
    const connection = await broker.connect(listener);
    await connection.exchange();
    await connection.tryPassword('twin', password);
    const told = new Promise((resolve) => connection.door.on('terminate', resolve));
    await openAccounts(broker.config.server).remove(parseAccountName('twin'));
    await broker.addAccount('twin');
    assert.deepEqual(await told, { code: 'account', text: 'Your account may not log in any more.' });
    await connection.ended;
  });

  it('ends the connection when its account is locked, within seconds (A24)', async () => {
    const connection = await broker.connect(listener);
    await connection.exchange();
    await connection.tryPassword('bob', password);
    const told = new Promise((resolve) => connection.door.on('terminate', resolve));
    await openAccounts(broker.config.server).change(parseAccountName('bob'), (record) => ({
      ...record,
      state: 'locked',
    }));
    assert.deepEqual(await told, { code: 'account', text: 'Your account may not log in any more.' });
    await connection.ended;
  });
});

describe('grace time at the broker', () => {
  it('is absolute: a worker that keeps asking is ended all the same (T03)', async () => {
    const broker = new BrokerFixture('[listener]\ngrace_time = 1s\nident_time = 1s\n');
    await broker.start();
    const listener = broker.socket('listener.sock');
    try {
      const connection = await broker.connect(listener);
      const told = new Promise<{ code: string }>((resolve) => connection.door.on('terminate', resolve));
      await connection.exchange();
      assert.equal((await told).code, 'grace');
      await connection.ended;
    } finally {
      listener.close();
      await broker.remove();
    }
  });
});
