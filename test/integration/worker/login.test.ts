import assert from 'node:assert/strict';
import { it } from 'node:test';
import { password } from '../../support/door-peer/door.js';
import { RawChannel } from '../../support/raw-ssh/channel.js';
import { openToUserauth, passwordRequest, userauthAnswer } from '../../support/raw-ssh/login.js';
import { bool, message, payload, Reader, text, uint32 } from '../../support/raw-ssh/wire.js';
import { workerSuite } from './worker-suite.js';

const { peer, raw } = workerSuite({ decisionMs: 20 });

function open() {
  return openToUserauth({ port: peer().port });
}

function methodRequest(method: string, ...rest: Buffer[]): Buffer {
  return payload(message.userauthRequest, text('alice'), text('ssh-connection'), text(method), ...rest);
}

it('methods that are not there fail and the real ones are listed', async () => {
  const connection = await open();
  for (const method of ['none', 'hostbased', 'gssapi-with-mic', 'keyboard-interactive', '']) {
    connection.send(methodRequest(method));
    const reader = new Reader(await connection.receiveOf([message.userauthFailure]), 1);
    assert.deepEqual([reader.text(), reader.bool()], ['publickey,password', false]);
  }
  connection.destroy();
});

it('six failures end the connection with a plain reason', async () => {
  const connection = await open();
  for (let count = 0; count < 20; count += 1) connection.send(passwordRequest('alice', `wrong ${count}`));
  let failures = 0;
  while ((await userauthAnswer(connection)) === 'failure') failures += 1;
  assert.equal(failures, 5);
  assert.equal(connection.disconnect?.text, 'Too many authentication failures');
});

it('pipelined requests are decided one after another, and nothing after the success', async () => {
  const connection = await open();
  const before = peer().doors.length;
  const door = peer().doors[before - 1];
  for (const attempt of ['wrong', password, password, 'wrong']) connection.send(passwordRequest('alice', attempt));
  assert.deepEqual([await userauthAnswer(connection), await userauthAnswer(connection)], ['failure', 'success']);
  const channel = await RawChannel.open(connection);
  await channel.exec('echo in');
  await channel.drain();
  assert.equal(channel.output.toString(), 'in\n');
  assert.equal(door?.questions.filter((name) => name === 'check-password').length, 2);
  connection.destroy();
});

it('too many pipelined requests end the connection', async () => {
  const connection = await open();
  for (let count = 0; count < 60; count += 1) connection.send(passwordRequest('alice', 'wrong'));
  assert.ok(await connection.closesWithin(5_000));
});

it('another user name on the same connection ends it', async () => {
  const connection = await open();
  connection.send(passwordRequest('alice', 'wrong'));
  assert.equal(await userauthAnswer(connection), 'failure');
  connection.send(passwordRequest('bob', password));
  assert.equal(await userauthAnswer(connection), 'closed');
});

it('a password change request is no crash', async () => {
  const connection = await open();
  connection.send(methodRequest('password', bool(true), text('old'), text('new')));
  assert.equal(await userauthAnswer(connection), 'failure');
  connection.destroy();
});

it('a request that is cut off ends only its own connection', async () => {
  const connection = await open();
  connection.send(methodRequest('publickey', bool(true), text('ssh-ed25519')));
  assert.ok(await connection.closesWithin(5_000));
  (await raw()).destroy();
});

it('a login outlasts the broker: the door comes back and sessions open again', async () => {
  const connection = await raw();
  peer().loseBroker();
  const channel = await RawChannel.open(connection);
  await channel.exec('echo back');
  await channel.drain();
  assert.equal(channel.output.toString(), 'back\n');
  assert.ok(peer().messages.includes('need-resume'));
  connection.destroy();
});

it('a connection that has not logged in ends with its door', async () => {
  const connection = await open();
  peer().loseBroker();
  assert.ok(await connection.closesWithin(5_000));
});

it('no channel message passes before login', async () => {
  const connection = await open();
  connection.send(payload(message.channelOpen, text('session'), uint32(0), uint32(1_000), uint32(32_768)));
  assert.ok(await connection.closesWithin(5_000));
});
