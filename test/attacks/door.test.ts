/**
 * The door, group X: a listener or worker that was taken over speaks to the broker. It may ask what the table allows in
 * the phase it is in, and nothing else; whatever is malformed ends that door and leaves the broker as it was.
 */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { partsOf } from '../support/instance-parts.js';
import { openDescriptors } from '../support/processes.js';
import { runProgram } from '../support/program.js';
import { projectRoot } from '../support/stage.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance } = attackSuite('door');

const nobody = 65_534;

/** Runs a case of door-fuzzer with a uid, from a copy that this uid can read. */
async function act(kind: string, socket: string, uid: number): Promise<Record<string, unknown>> {
  const script = path.join(instance().files.app, 'dist/test/attacks/door-fuzzer.js');
  if (!existsSync(script)) {
    const source = path.join(projectRoot, 'dist/test/attacks/door-fuzzer.js');
    await runProgram('install', ['-D', '-m', '0644', source, script]);
    await runProgram('chmod', ['-R', 'a+rX', path.join(instance().files.app, 'dist/test')]);
  }
  const { out, err } = await runProgram(process.execPath, [script, kind, path.join(instance().files.runDir, socket)], {
    uid,
    cwd: '/',
  });
  assert.notEqual(out, '', err);
  return JSON.parse(out) as Record<string, unknown>;
}

const listenerUid = () => instance().slot.listenerUid;
const brokerPid = () => partsOf(instance(), 'broker')[0]?.pid ?? 0;

test('X12 every malformed frame ends the door and the broker stays', async () => {
  const before = brokerPid();
  const outcomes = await act('fuzz', 'listener.sock', listenerUid());
  for (const [name, isEnded] of Object.entries(outcomes)) {
    assert.equal(isEnded, true, name);
  }
  assert.ok(Object.keys(outcomes).length >= 10, JSON.stringify(outcomes));
  assert.equal(brokerPid(), before);
});

test('X13 a session before login is refused by ending the door', async () => {
  const outcome = await act('session-before-login', 'listener.sock', listenerUid());
  assert.deepEqual(outcome, { closed: true, fds: 0, opened: false });
});

test('X14 a worker’s door answers no request of an administrator', async () => {
  const outcome = await act('admin-on-worker-door', 'listener.sock', listenerUid());
  assert.deepEqual(outcome, { closed: true, answered: false });
});

test('X16 another uid gets nowhere on the listener’s, the resume and the keeper’s socket', async () => {
  for (const uid of [nobody, instance().slot.firstWorkerUid]) {
    for (const socket of ['listener.sock', 'resume.sock', 'keeper.sock']) {
      const outcome = await act('connect', socket, uid);
      assert.ok('refused' in outcome || outcome['closed'] === true, `${uid} ${socket} ${JSON.stringify(outcome)}`);
      assert.notEqual(outcome['answered'], true);
    }
  }
});

test('L08 the admin socket does nothing for users without a role', async () => {
  for (const uid of [nobody, instance().slot.firstWorkerUid, instance().slot.firstBase]) {
    const outcome = await act('connect', 'admin.sock', uid);
    assert.notEqual(outcome['answered'], true, `${uid}: ${JSON.stringify(outcome)}`);
  }
});

test('X17 descriptors that nobody asked for are closed, and the door with them', async () => {
  const before = openDescriptors(brokerPid()).length;
  const outcome = await act('surprise-descriptors', 'listener.sock', listenerUid());
  assert.equal(outcome['answered'] ?? false, false, JSON.stringify(outcome));
  await until('the broker holds none of them', 5_000, () => openDescriptors(brokerPid()).length <= before + 1);
});

test('X18 the helper is not set-id and does nothing for another user', async () => {
  const keeper = path.join(instance().files.app, 'native/build/jail-keeper');
  assert.equal(statSync(keeper).mode & 0o6000, 0);
  for (const args of [
    ['host', '--run-dir', '/tmp', '--toolbox', '/tmp'],
    ['files', 'create'],
    ['tree', 'remove', instance().files.stateDir],
  ]) {
    const { code } = await runProgram(keeper, args, { uid: nobody, input: '', deadlineMs: 10_000 });
    assert.notEqual(code, 0, args.join(' '));
  }
  assert.equal(existsSync(instance().files.stateDir), true);
});
