import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addon } from '../../../src/base/addon.js';
import { answeredToAdmins } from '../../../src/broker/admin-door.js';
import { Door, type DoorOwner, type Reply } from '../../../src/broker/dispatch.js';
import { answeredToListeners } from '../../../src/broker/listener-door.js';
import { answeredToWorkers } from '../../../src/broker/worker-door.js';
import { isJaildError, JaildError } from '../../../src/errors/jaild-error.js';
import { DoorClient } from '../../../src/privsep/door-client.js';
import { encodeFrame } from '../../../src/privsep/frame.js';
import {
  type Phase,
  type Question,
  type RequestName,
  type RequestRow,
  type Role,
  requestTable,
} from '../../../src/privsep/request-table.js';

const roles: readonly Role[] = ['listener', 'worker', 'admin', 'owner', 'read-only'];
const phases: readonly Phase[] = ['standing', 'resuming', 'before-login', 'after-login'];
const blob = 'AAAA';

/** One good question of every name; a request without one does not compile. */
const questions: { readonly [N in RequestName]: Question<N> } = {
  begin: {},
  'sign-exchange': {
    kex: 'curve',
    hash: 'sha256',
    hostKeyAlgorithm: 'ssh-ed25519',
    clientIdent: blob,
    serverIdent: blob,
    clientKexInit: blob,
    serverKexInit: blob,
    clientShare: blob,
    serverShare: blob,
    secret: blob,
  },
  'check-publickey': { user: 'alice', service: 'ssh-connection', algorithm: 'ssh-ed25519', blob },
  'check-password': { user: 'alice', service: 'ssh-connection', password: blob },
  'open-session': { kind: 'shell', environment: [] },
  'open-connection': { kind: 'tcp', host: 'localhost', port: 80, originHost: '', originPort: 0 },
  'open-listener': { kind: 'tcp', host: '', port: 0 },
  resume: { connectionId: '0011223344556677', secret: blob },
  end: { reason: 'done', bytesIn: 1, bytesOut: 2 },
  'open-door': { source: '127.0.0.1', sourcePort: 1, local: '127.0.0.1', localPort: 22 },
  'start-worker': {},
  'kill-worker': { workerId: 'x' },
  configuration: {},
  status: {},
  list: { noun: 'jails' },
  show: { noun: 'jail', name: 'alice' },
  watch: {},
  start: { jail: 'alice' },
  stop: { jail: 'alice' },
  kill: { jail: 'alice' },
  'admin-open-session': { jail: 'alice', user: 'root', environment: [] },
  reload: {},
  drain: {},
};
const names = Object.keys(questions) as RequestName[];

interface Fixture {
  readonly client: DoorClient;
  readonly raw: number;
  readonly answered: RequestName[];
  readonly violations: string[];
  readonly closed: Promise<void>;
}

/** A real door; its owner knows nothing and says so, which is enough to see what got through. */
function openDoor(role: Role, phase: Phase): Fixture {
  const [ours, theirs] = addon.socketPair('stream');
  const answered: RequestName[] = [];
  const violations: string[] = [];
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const owner: DoorOwner = {
    roles: [role],
    phase: () => phase,
    answer: (name): Promise<Reply<never>> => {
      answered.push(name);
      return Promise.reject(new JaildError('not-found', 'nothing here'));
    },
    toText: () => 'nothing here',
    violated: (reason) => violations.push(reason),
    closed: () => close(),
  };
  new Door(ours, owner);
  return { client: new DoorClient(theirs), raw: theirs, answered, violations, closed };
}

async function checkPermission(role: Role, phase: Phase, name: RequestName): Promise<void> {
  const row: RequestRow = requestTable[name];
  const door = openDoor(role, phase);
  const isPermitted = row.who.includes(role) && row.phases.includes(phase);
  const wanted = isPermitted ? (['not-found'] as const) : (['door-closed', 'door-refused'] as const);
  const asked = door.client.ask(name, questions[name] as never);
  await assert.rejects(asked, (error) => isJaildError(error, ...wanted), name);
  assert.deepEqual(door.answered, isPermitted ? [name] : [], name);
  assert.equal(door.violations.length, isPermitted ? 0 : 1, name);
  if (!isPermitted) await door.closed;
  door.client.close();
}

describe('door dispatch', () => {
  it('has an answer for every row of the table, each in one place', () => {
    const answered = [...answeredToWorkers, ...answeredToListeners, ...answeredToAdmins];
    assert.deepEqual([...answered].sort(), Object.keys(requestTable).sort());
  });

  for (const role of roles) {
    for (const phase of phases) {
      it(`lets ${role} in phase ${phase} ask what the table permits and nothing else`, async () => {
        for (const name of names) await checkPermission(role, phase, name);
      });
    }
  }

  it('answers a once-only request once', async () => {
    for (const name of names.filter((each) => requestTable[each].once)) {
      const row: RequestRow = requestTable[name];
      const door = openDoor(row.who[0] ?? 'worker', row.phases[0] ?? 'standing');
      await assert.rejects(door.client.ask(name, questions[name] as never), (error) =>
        isJaildError(error, 'not-found'),
      );
      await assert.rejects(door.client.ask(name, questions[name] as never), (error) =>
        isJaildError(error, 'door-closed', 'door-refused'),
      );
      assert.equal(door.answered.length, 1, name);
    }
  });

  const broken: Readonly<Record<string, object>> = {
    'an unknown request': { id: 1, request: 'sudo' },
    'an inherited name': { id: 1, request: 'constructor' },
    'a prototype name': { id: 1, request: '__proto__' },
    'no request': { id: 1 },
    'a request that is no text': { id: 1, request: ['begin'] },
    'no id': { request: 'begin' },
    'id 0': { id: 0, request: 'begin' },
    'an id that is no number': { id: '1', request: 'begin' },
    'a member too much': { id: 1, request: 'begin', extra: 1 },
    'a nested surprise': {
      id: 1,
      request: 'check-password',
      user: { toString: 1 },
      service: 'ssh-connection',
      password: '',
    },
    'a password that is no base64': {
      id: 1,
      request: 'check-password',
      user: 'a',
      service: 'ssh-connection',
      password: '!!',
    },
    'another service': { id: 1, request: 'check-password', user: 'a', service: 'ssh-userauth', password: '' },
    'a question above its row': { id: 1, request: 'begin', pad: 'x'.repeat(2000) },
  };
  for (const [what, message] of Object.entries(broken)) {
    it(`ends with ${what}`, async () => {
      const door = openDoor('worker', 'before-login');
      addon.send(door.raw, encodeFrame(message));
      await door.closed;
      assert.deepEqual([door.answered.length, door.violations.length], [0, 1]);
    });
  }

  it('ends with descriptors, and closes them', async () => {
    const door = openDoor('worker', 'before-login');
    const [kept, given] = addon.socketPair('stream');
    addon.send(door.raw, encodeFrame({ id: 1, request: 'begin' }, 1), [given]);
    addon.close(given);
    await door.closed;
    assert.equal(addon.recvBlocking(kept, 1, 0, 1000)?.data.length, 0);
    addon.close(kept);
  });

  it('ends with a frame that announces more than any row of the phase allows', async () => {
    const door = openDoor('worker', 'before-login');
    const head = Buffer.alloc(4);
    head.writeUInt32BE(200 * 1024);
    addon.send(door.raw, head);
    await door.closed;
    assert.equal(door.violations.length, 1);
  });

  it('survives a thousand frames of noise from other doors', async () => {
    const good = openDoor('admin', 'standing');
    for (let round = 0; round < 200; round += 1) {
      const door = openDoor('worker', 'before-login');
      addon.send(door.raw, Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 31 + round * 17) % 256)));
      door.client.close();
      await door.closed;
    }
    await assert.rejects(good.client.ask('status', {}), (error) => isJaildError(error, 'not-found'));
    good.client.close();
  });
});
