import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseAccountName, parseJailName } from '../../../src/base/brands.js';
import { makeAuthenticatedAccount } from '../../../src/broker/authenticated-account.js';
import { type AuthenticatedConnection, ExchangeState } from '../../../src/broker/connection.js';
import { ResumeStore } from '../../../src/broker/resume.js';
import { keepingLog } from './quiet-log.js';

function makeConnection(): AuthenticatedConnection {
  return {
    phase: 'after-login',
    from: {
      connectionId: randomBytes(8).toString('hex'),
      source: '127.0.0.1',
      sourcePort: 50_000,
      local: '::1',
      localPort: 22,
      openedMs: Date.now(),
    },
    exchange: new ExchangeState(randomBytes(32)),
    account: makeAuthenticatedAccount({
      account: parseAccountName('alice'),
      jail: parseJailName('alice+web'),
      method: 'publickey+password',
      fingerprint: 'SHA256:abc',
      recordCreated: '2026-01-01T00:00:00.000Z',
      policy: {
        terminal: false,
        forwarding: true,
        agentForwarding: false,
        maxSessions: 3,
        maxForwards: 4,
        idleTimeMs: 5,
        command: 'echo "a = b"; # ä',
        environment: [
          ['A', '1=2'],
          ['B', ''],
        ],
        permitOpen: ['localhost:80'],
        permitListen: [],
      },
    }),
    sessions: new Set(),
  };
}

describe('resume', () => {
  let runDir = '';
  const { log, lines } = keepingLog();
  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), 'jaild-resume-'));
  });
  afterEach(() => rmSync(runDir, { recursive: true }));

  it('restores exactly what was, in a broker that starts later', async () => {
    const connection = makeConnection();
    const secret = Buffer.from(await new ResumeStore(runDir, log).remember(connection), 'base64');
    const restored = new ResumeStore(runDir, log).restore(connection.from.connectionId, secret);
    assert.deepEqual(restored?.from, connection.from);
    assert.deepEqual({ ...restored?.account }, { ...connection.account });
    assert.deepEqual(restored?.exchange.sessionId, connection.exchange.sessionId);
    assert.equal(restored?.exchange.takeCookie(), null);
  });

  it('answers a wrong secret, a wrong name and no name alike', async () => {
    const store = new ResumeStore(runDir, log);
    const connection = makeConnection();
    const other = makeConnection();
    await store.remember(connection);
    const otherSecret = Buffer.from(await store.remember(other), 'base64');
    for (const secret of [otherSecret, Buffer.alloc(0), Buffer.alloc(32), randomBytes(64)]) {
      assert.equal(store.restore(connection.from.connectionId, secret), null);
    }
    for (const id of ['0'.repeat(16), '../../etc/passwd', '', 'x', `${connection.from.connectionId}0`])
      assert.equal(store.restore(id, otherSecret), null);
  });

  it('keeps no secret on disk, and its files to itself', async () => {
    const store = new ResumeStore(runDir, log);
    const connection = makeConnection();
    const secret = await store.remember(connection);
    const file = join(runDir, 'resume', `${connection.from.connectionId}.ini`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(runDir, 'resume')).mode & 0o777, 0o700);
    assert.ok(!readFileSync(file, 'utf8').includes(secret));
  });

  it('forgets, twice if need be', async () => {
    const store = new ResumeStore(runDir, log);
    const connection = makeConnection();
    const secret = Buffer.from(await store.remember(connection), 'base64');
    assert.deepEqual(store.list(), [connection.from]);
    await store.forget(connection.from.connectionId);
    await store.forget(connection.from.connectionId);
    assert.equal(store.restore(connection.from.connectionId, secret), null);
    assert.deepEqual(readdirSync(join(runDir, 'resume')), []);
  });

  it('refuses a damaged record and says so', async () => {
    const store = new ResumeStore(runDir, log);
    const connection = makeConnection();
    const secret = Buffer.from(await store.remember(connection), 'base64');
    const file = join(runDir, 'resume', `${connection.from.connectionId}.ini`);
    const text = readFileSync(file, 'utf8');
    for (const damaged of [
      '',
      text.slice(0, 100),
      text.replace('version = 1', 'version = 2'),
      text.replace('[policy]', '[policy]\nextra = 1'),
    ]) {
      writeFileSync(file, damaged);
      assert.equal(store.restore(connection.from.connectionId, secret), null);
    }
    assert.equal(lines().filter((line) => line['event'] === 'connection.unresumable').length, 4);
  });
});
