import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { BrokerFixture, password, TestConnection } from './fixture.js';

describe('broker restart', () => {
  let broker: BrokerFixture;
  before(async () => {
    broker = new BrokerFixture();
    await broker.addAccount('alice');
    await broker.start();
  });
  after(() => broker.remove());

  async function login(): Promise<{ connection: TestConnection; secret: string }> {
    const listener = broker.socket('listener.sock');
    const connection = await broker.connect(listener);
    await connection.exchange();
    const verdict = await connection.tryPassword('alice', password);
    assert.ok(verdict.outcome === 'accepted');
    return { connection, secret: verdict.resumeSecret };
  }

  it('restores a login by its secret, with the session id of before', async () => {
    const { connection, secret } = await login();
    await broker.stop();
    await connection.ended;
    await broker.start();
    const door = broker.socket('resume.sock');
    const { answer } = await door.ask('resume', { connectionId: connection.connectionId, secret });
    assert.ok(answer.outcome === 'resumed' && answer.account === 'alice' && answer.jail === 'alice');
    const resumed = new TestConnection(connection.connectionId, door);
    resumed.setCookie(answer.nextCookie);
    await resumed.exchange();
    const session = await door.ask('open-session', { kind: 'shell', environment: [] });
    assert.ok(session.answer.outcome === 'refused' && session.answer.code === 'no-jail');
    await door.ask('end', { reason: 'done', bytesIn: 0, bytesOut: 0 });
    door.close();
  });

  it('gives nothing to a wrong secret, and lets nobody log in on a resume door', async () => {
    const { connection } = await login();
    await broker.stop();
    await broker.start();
    const door = broker.socket('resume.sock');
    const wrong = await door.ask('resume', {
      connectionId: connection.connectionId,
      secret: randomBytes(32).toString('base64'),
    });
    assert.equal(wrong.answer.outcome, 'refused');
    await assert.rejects(door.ask('resume', { connectionId: connection.connectionId, secret: '' }), (error) =>
      isJaildError(error, 'door-closed'),
    );
    const other = broker.socket('resume.sock');
    await assert.rejects(other.ask('begin', {}), (error) => isJaildError(error, 'door-closed'));
  });

  it('does not restore what lives, nor what has ended', async () => {
    const { connection, secret } = await login();
    const early = broker.socket('resume.sock');
    assert.equal(
      (await early.ask('resume', { connectionId: connection.connectionId, secret })).answer.outcome,
      'refused',
    );
    connection.door.close();
    early.close();
    while (readdirSync(join(broker.directory, 'run/resume')).includes(`${connection.connectionId}.ini`))
      await new Promise((resolve) => setImmediate(resolve));
    const late = broker.socket('resume.sock');
    assert.equal(
      (await late.ask('resume', { connectionId: connection.connectionId, secret })).answer.outcome,
      'refused',
    );
    late.close();
  });

  it('keeps the host key and replaces sockets that a killed one left', async () => {
    const connection = await broker.connect(broker.socket('listener.sock'));
    const before = (await connection.exchange()).signature;
    await broker.stop();
    await broker.start();
    assert.ok(before.length > 0);
    const again = await broker.connect(broker.socket('listener.sock'));
    assert.ok((await again.exchange()).signature.length > 0);
    again.door.close();
  });
});
