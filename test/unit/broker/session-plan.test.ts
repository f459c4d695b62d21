import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAccountName, parseJailName } from '../../../src/base/brands.js';
import { makeAuthenticatedAccount } from '../../../src/broker/authenticated-account.js';
import { type AuthenticatedConnection, ExchangeState } from '../../../src/broker/connection.js';
import type { LoginPolicy } from '../../../src/broker/login-policy.js';
import { planSession } from '../../../src/broker/session-plan.js';
import type { ReadQuestion } from '../../../src/privsep/request-table.js';

const open: LoginPolicy = {
  terminal: true,
  forwarding: true,
  agentForwarding: true,
  maxSessions: 8,
  maxForwards: 8,
  idleTimeMs: 0,
  environment: [],
};

function connect(policy: Partial<LoginPolicy> = {}): AuthenticatedConnection {
  const evidence = {
    account: parseAccountName('alice'),
    jail: parseJailName('alice'),
    method: 'publickey',
    recordCreated: '2026-01-01T00:00:00.000Z',
    policy: { ...open, ...policy },
  };
  return {
    phase: 'after-login',
    from: { connectionId: 'c', source: '10.0.0.9', sourcePort: 5000, local: '10.0.0.1', localPort: 22, openedMs: 0 },
    exchange: new ExchangeState(),
    account: makeAuthenticatedAccount(evidence),
    sessions: new Set(),
  };
}

type Question = ReadQuestion<'open-session'>;
const terminal = { term: 'xterm', columns: 80, rows: 24, widthPixels: 0, heightPixels: 0, modes: [] };
const shell: Question = { kind: 'shell', environment: [] };

function plan(question: Question, policy: Partial<LoginPolicy> = {}) {
  const planned = planSession(question, connect(policy), ['LANG', 'LC_*', 'TERM']);
  assert.equal(planned.outcome, 'planned');
  return planned.outcome === 'planned' ? planned.plan : assert.fail();
}

function environmentOf(question: Question, policy: Partial<LoginPolicy> = {}): Record<string, string> {
  return Object.fromEntries(plan(question, policy).environment.map(([name, value]) => [name, value.toString()]));
}

describe('session plan', () => {
  it('runs a login shell, a command, or sftp from the toolbox', () => {
    assert.equal(plan(shell).login, true);
    const exec = plan({ kind: 'exec', command: Buffer.from('a; b'), environment: [] });
    assert.deepEqual([exec.login, exec.command?.toString()], [false, 'a; b']);
    assert.equal(plan({ kind: 'subsystem', subsystem: 'sftp', environment: [] }).toolbox?.name, 'sftp-server');
  });

  it('is always root of the jail, never a name from outside', () => {
    assert.equal(plan(shell).user, 'root');
  });

  it('refuses other subsystems, also with a blank behind (C25), and a NUL (C17)', () => {
    for (const subsystem of ['sftp ', 'netconf', '../sftp']) {
      assert.equal(planSession({ kind: 'subsystem', subsystem, environment: [] }, connect(), []).outcome, 'refused');
    }
    assert.equal(
      planSession({ kind: 'exec', command: Buffer.from('a\0b'), environment: [] }, connect(), []).outcome,
      'refused',
    );
  });

  it('passes bytes of a command as they are', () => {
    const command = Buffer.from([0x65, 0xff, 0x0a, 0x80]);
    assert.deepEqual(plan({ kind: 'exec', command, environment: [] }).command, command);
  });

  it('lets through only variables of the allow-list (F13, F14)', () => {
    const names = [
      'LANG',
      'LC_ALL',
      'LD_PRELOAD',
      'BASH_ENV',
      'PATH',
      'IFS',
      'NODE_OPTIONS',
      'LC_A=B',
      'LC_\n',
      '--split-string',
      'LC_X',
    ];
    const environment = names.map((name) => [name, Buffer.from(name === 'LC_X' ? 'a\0b' : 'v')] as [string, Buffer]);
    assert.deepEqual(Object.keys(environmentOf({ ...shell, environment })).sort(), [
      'LANG',
      'LC_ALL',
      'SSH_CLIENT',
      'SSH_CONNECTION',
    ]);
  });

  it('states the connection', () => {
    assert.equal(environmentOf(shell)['SSH_CONNECTION'], '10.0.0.9 5000 10.0.0.1 22');
  });

  it('takes a sane TERM, else dumb (C13)', () => {
    assert.equal(environmentOf({ ...shell, terminal })['TERM'], 'xterm');
    for (const term of ['../../etc/passwd', 'a/b', 'x\n', '', 'x'.repeat(40), '\u001b[2J']) {
      assert.equal(environmentOf({ ...shell, terminal: { ...terminal, term } })['TERM'], 'dumb');
    }
  });

  it('refuses a terminal to a key that may have none', () => {
    const planned = planSession({ ...shell, terminal }, connect({ terminal: false }), []);
    assert.equal(planned.outcome, 'refused');
    assert.equal(planSession(shell, connect({ terminal: false }), []).outcome, 'planned');
  });

  it('runs the forced command instead of anything asked for', () => {
    const policy = { command: 'backup --serve', environment: [['A', '1']] as const };
    const questions: Question[] = [
      shell,
      { kind: 'exec', command: Buffer.from('rm -rf /'), environment: [] },
      { kind: 'subsystem', subsystem: 'sftp', environment: [] },
    ];
    for (const question of questions) assert.equal(plan(question, policy).command?.toString(), 'backup --serve');
    assert.equal(environmentOf(questions[1] as Question, policy)['SSH_ORIGINAL_COMMAND'], 'rm -rf /');
    assert.equal(environmentOf(shell, policy)['A'], '1');
    assert.equal(plan(shell, { command: 'internal-sftp' }).toolbox?.name, 'sftp-server');
  });
});
