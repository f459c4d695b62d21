import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { BrokerFixture, password } from './fixture.js';

const asker = fileURLToPath(new URL('./ask-as.js', import.meta.url));

/** Asks as another user of the host; answers what came back, or the code of the refusal. */
function askAs(uid: number, socket: string, request: string, question: object, doors = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [asker, socket, request, JSON.stringify(question), String(doors)], {
      uid,
      gid: uid,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    child.on('error', reject).on('close', () => resolve(text.trim()));
  });
}

describe('admin socket', () => {
  let broker: BrokerFixture;
  const games = 5; // owner of a record: a user that every Debian has
  const nobody = 65_534;

  before(async () => {
    broker = new BrokerFixture('[roles]\nread_only[] = user:daemon\n');
    chmodSync(broker.directory, 0o755);
    chmodSync(join(broker.directory, 'run'), 0o755);
    await broker.addAccount('alice', { owner: 'user:games' });
    await broker.addAccount('bob');
    await broker.start();
  });
  after(() => broker.remove());

  const socketOf = (name: string) => join(broker.directory, 'run', name);

  it('answers root', async () => {
    const admin = broker.socket('admin.sock');
    const { answer } = await admin.ask('status', {});
    assert.deepEqual([answer.keeper, answer.listener, answer.connections], ['unreachable', 'absent', 0]);
    const accounts = await admin.ask('list', { noun: 'accounts' });
    assert.ok(
      accounts.answer.noun === 'accounts' && accounts.answer.rows.map(({ name }) => name).join() === 'alice,bob',
    );
    await assert.rejects(admin.ask('show', { noun: 'jail', name: 'nothing' }), (error) =>
      isJaildError(error, 'not-found'),
    );
    admin.close();
  });

  it('shows an owner their own, and denies the rest as if it were not there', async () => {
    const listed = await askAs(games, socketOf('admin.sock'), 'list', { noun: 'accounts' });
    assert.match(listed, /"name":"alice"/);
    assert.doesNotMatch(listed, /bob/);
    assert.equal(await askAs(games, socketOf('admin.sock'), 'show', { noun: 'account', name: 'bob' }), 'not-found');
    assert.equal(await askAs(games, socketOf('admin.sock'), 'show', { noun: 'account', name: 'zed' }), 'not-found');
  });

  it('lets a reader look and not act', async () => {
    assert.match(await askAs(1, socketOf('admin.sock'), 'list', { noun: 'accounts' }), /bob/);
    assert.equal(await askAs(1, socketOf('admin.sock'), 'reload', {}), 'door-refused');
    assert.ok(broker.audit.some((line) => line['event'] === 'admin.refused' && line['uid'] === 1));
  });

  it('turns strangers, workers and the listener away (X16, L08)', async () => {
    const { listener, workers, jails } = broker.config;
    for (const uid of [nobody, listener.uid, workers.firstUid + 3, jails.firstBase]) {
      assert.equal(await askAs(uid, socketOf('admin.sock'), 'status', {}), 'door-refused', String(uid));
    }
  });

  it('writes down the first refusals of a stranger and counts the rest', async () => {
    const stranger = 54_321;
    await askAs(stranger, socketOf('admin.sock'), 'status', {}, 60);
    const written = broker.audit.filter((line) => line['event'] === 'admin.refused' && line['uid'] === stranger);
    assert.equal(written.length, 20);
  });

  it('bounds the places of one user', async () => {
    const answers = (await askAs(games, socketOf('admin.sock'), 'status', {}, 40)).split('\n');
    assert.equal(answers.filter((line) => line === 'door-refused').length, 8);
    const admin = broker.socket('admin.sock');
    assert.equal((await admin.ask('status', {})).answer.keeper, 'unreachable');
    admin.close();
  });

  it('keeps the other sockets to the listener (X16)', async () => {
    for (const name of ['listener.sock', 'resume.sock'])
      assert.equal(await askAs(nobody, socketOf(name), 'configuration', {}), 'EACCES');
    assert.match(
      await askAs(broker.config.listener.uid, socketOf('listener.sock'), 'configuration', {}),
      /"sharing":"address"/,
    );
  });

  it('lists and ends connections, and tells watchers', async () => {
    const listener = broker.socket('listener.sock');
    const connection = await broker.connect(listener);
    await connection.exchange();
    const admin = broker.socket('admin.sock');
    const activity = new Promise<{ what: string }>((resolve) => admin.on('activity', resolve));
    await admin.ask('watch', {});
    await connection.tryPassword('bob', password);
    const { answer } = await admin.ask('list', { noun: 'connections' });
    assert.ok(answer.noun === 'connections');
    assert.deepEqual(
      answer.rows.map(({ account, phase, source }) => [account, phase, source]),
      [['bob', 'after-login', '127.0.0.1']],
    );
    const told = new Promise<{ code: string }>((resolve) => connection.door.on('terminate', resolve));
    await admin.ask('kill', { connection: connection.connectionId });
    assert.equal((await told).code, 'killed');
    await connection.ended;
    assert.equal((await activity).what, 'connection-ended');
    for (const door of [admin, listener]) door.close();
  });

  it('keeps the old configuration when the new one is bad (Z11)', async () => {
    const { writeFileSync, readFileSync } = await import('node:fs');
    const file = join(broker.directory, 'jaild.ini');
    const good = readFileSync(file, 'utf8');
    const admin = broker.socket('admin.sock');
    writeFileSync(file, `${good}[auth]\nmax_tires = 3\n`);
    await assert.rejects(
      admin.ask('reload', {}),
      (error) => isJaildError(error, 'config-invalid') && /max_tries/.test(error.message),
    );
    writeFileSync(file, `${good}[auth]\nmax_tries = 2\n`);
    await admin.ask('reload', {});
    const listener = broker.socket('listener.sock');
    const connection = await broker.connect(listener);
    await connection.exchange();
    const verdict = await connection.tryPassword('bob', 'wrong');
    assert.ok(verdict.outcome === 'rejected' && verdict.triesLeft === 1);
    for (const door of [admin, listener, connection.door]) door.close();
  });
});
