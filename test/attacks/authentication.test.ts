/**
 * Authentication, group A: forged, replayed and swapped proofs. The library leaves the verification of signatures to the
 * application; CVE-2024-45337 showed what happens when the key that was asked about is taken for the key that was proved.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { killPart } from '../support/instance-parts.js';
import { mustRun } from '../support/program.js';
import { RawChannel } from '../support/raw-ssh/channel.js';
import type { RawConnection } from '../support/raw-ssh/connection.js';
import {
  openToUserauth,
  passwordRequest,
  publickeyFields,
  publickeyProbe,
  publickeyRequest,
  readClientKey,
  userauthAnswer,
} from '../support/raw-ssh/login.js';
import { makeRsaKey, type RsaKey, rsaBlob } from '../support/raw-ssh/rsa-key.js';
import { bool, message, payload, Reader, text, uint32 } from '../support/raw-ssh/wire.js';
import { attackSuite } from './attack-suite.js';

const { instance, key, port, alice } = attackSuite('authentication', {}, async (made) => {
  await made.addAccount('carol', { password: 'right password' });
});

const connect = () => openToUserauth({ port: port() });

async function addKeyLine(account: string, name: string, line: string): Promise<number | null> {
  const file = path.join(instance().files.directory, `${name}.pub`);
  writeFileSync(file, `${line}\n`);
  return (await instance().jailctl(['account', 'key', 'add', account, file])).code;
}

async function answerTo(request: (connection: RawConnection) => Buffer): Promise<string> {
  const connection = await connect();
  connection.send(request(connection));
  const answer = await userauthAnswer(connection);
  connection.destroy();
  return answer;
}

test('A04 the right key with a garbage signature fails', async () => {
  assert.equal(
    await answerTo((c) => publickeyRequest(c, 'alice', key(), { signature: Buffer.alloc(64, 7) })),
    'failure',
  );
  assert.equal(await answerTo((c) => publickeyRequest(c, 'alice', key(), { signature: Buffer.alloc(0) })), 'failure');
});

test('A05 a signature of another connection fails', async () => {
  const other = await connect();
  const sessionId = other.sessionId ?? Buffer.alloc(0);
  other.destroy();
  assert.equal(await answerTo((c) => publickeyRequest(c, 'alice', key(), { sessionId })), 'failure');
});

test('A06 a signature made for another user fails', async () => {
  assert.equal(await answerTo((c) => publickeyRequest(c, 'bob', key(), { signedFor: 'alice' })), 'failure');
});

test('A07 the key that is proved decides, not the key that was asked about', async () => {
  const restricted = path.join(instance().files.directory, 'restricted');
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', restricted]);
  const line = await mustRun('cat', [`${restricted}.pub`]);
  assert.equal(await addKeyLine('carol', 'with-options', `restrict,command="echo only-this" ${line}`), 0);
  const connection = await connect();
  connection.send(publickeyProbe('carol', key().blob));
  assert.equal(await userauthAnswer(connection), 'pk-ok');
  connection.send(publickeyRequest(connection, 'carol', readClientKey(restricted)));
  assert.equal(await userauthAnswer(connection), 'success');
  const channel = await RawChannel.open(connection);
  await channel.exec('echo anything');
  await channel.drain();
  assert.equal(channel.output.toString().trim(), 'only-this');
  connection.destroy();
});

function rsaRequest(connection: RawConnection, rsa: RsaKey, algorithm: string, hash: 'sha1' | 'sha256'): Buffer {
  const fields = publickeyFields('alice', rsa.blob, true, algorithm);
  const signed = Buffer.concat([text(connection.sessionId ?? Buffer.alloc(0)), fields]);
  return Buffer.concat([fields, text(Buffer.concat([text(algorithm), text(rsa.sign(hash, signed))]))]);
}

test('A09 an RSA key logs in with SHA-256 and not with SHA-1', async () => {
  const rsa = makeRsaKey(2048);
  assert.equal(await addKeyLine('alice', 'rsa', rsa.line), 0);
  assert.equal(await answerTo((c) => rsaRequest(c, rsa, 'rsa-sha2-256', 'sha256')), 'success', 'control');
  assert.equal(await answerTo((c) => rsaRequest(c, rsa, 'ssh-rsa', 'sha1')), 'failure');
  assert.equal(await answerTo((c) => rsaRequest(c, rsa, 'rsa-sha2-256', 'sha1')), 'failure');
});

test('A10 an algorithm name that disagrees with the key fails', async () => {
  for (const algorithm of ['ssh-rsa', 'rsa-sha2-512', 'ecdsa-sha2-nistp256', 'ssh-ed25519-cert-v01@openssh.com']) {
    assert.equal(await answerTo((c) => publickeyRequest(c, 'alice', key(), { algorithm })), 'failure', algorithm);
  }
});

test('A11 short RSA keys and DSA keys in the list do not log in', async () => {
  const short = makeRsaKey(1024);
  await addKeyLine('alice', 'short', short.line);
  assert.equal(await answerTo((c) => rsaRequest(c, short, 'rsa-sha2-256', 'sha256')), 'failure');
  assert.notEqual(await answerTo((c) => publickeyRequest(c, 'alice', key())), 'failure', 'the other lines still count');
});

test('A12 certificates are refused cleanly', async () => {
  const { directory } = instance().files;
  const file = path.join(directory, 'certified');
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  await mustRun('ssh-keygen', ['-q', '-s', instance().keyFile, '-I', 'id', '-n', 'alice,bob', `${file}.pub`]);
  const [, base64 = ''] = (await mustRun('cat', [`${file}-cert.pub`])).split(' ');
  const blob = Buffer.from(base64, 'base64');
  const algorithm = 'ssh-ed25519-cert-v01@openssh.com';
  assert.equal(await answerTo(() => publickeyProbe('alice', blob, algorithm)), 'failure');
  assert.equal(
    await answerTo((c) => publickeyRequest(c, 'alice', { ...readClientKey(file), blob }, { algorithm })),
    'failure',
  );
});

test('A16 a service other than ssh-connection ends the connection', async () => {
  const connection = await connect();
  connection.send(payload(message.userauthRequest, text('alice'), text('ssh-userauth'), text('none')));
  assert.equal(await connection.closesWithin(3_000), true);
});

test('A25 requests after success change nothing', async () => {
  const connection = await alice();
  connection.send(publickeyRequest(connection, 'bob', key()));
  connection.send(passwordRequest('bob', 'x'));
  const channel = await RawChannel.open(connection).catch(() => undefined);
  if (channel !== undefined) {
    await channel.exec('hostname');
    await channel.drain();
    assert.equal(channel.output.toString(), 'alice\n');
  }
  connection.destroy();
});

test('A26 a huge RSA modulus or exponent is refused by size', async () => {
  const large = rsaBlob(Buffer.from([1, 0, 1]), Buffer.alloc(2048, 0xf1));
  const exponent = rsaBlob(Buffer.alloc(256, 0xf1), Buffer.alloc(256, 0xf1));
  for (const blob of [large, exponent]) {
    const from = Date.now();
    assert.equal(await answerTo(() => publickeyProbe('alice', blob, 'rsa-sha2-256')), 'failure');
    assert.ok(Date.now() - from < 1_500);
    assert.notEqual(await addKeyLine('alice', 'large', `ssh-rsa ${blob.toString('base64')} large`), 0);
  }
});

test('A27 a login while the broker is down fails or waits for it, and never passes without it', async () => {
  const connection = await connect();
  const wrong = readClientKey(instance().keyFile);
  await killPart(instance(), 'broker');
  connection.send(publickeyRequest(connection, 'alice', wrong, { signature: Buffer.alloc(64) }));
  assert.notEqual(await userauthAnswer(connection), 'success');
  connection.destroy();
});

test('A24 an account that is locked while logged in loses its connection within seconds', async () => {
  const connection = await openToUserauth({ port: port() });
  connection.send(publickeyRequest(connection, 'carol', key()));
  assert.equal(await userauthAnswer(connection), 'success');
  await instance().mustJailctl(['account', 'lock', 'carol']);
  const refused = await answerTo((c) => publickeyRequest(c, 'carol', key()));
  await instance().mustJailctl(['account', 'unlock', 'carol']);
  assert.equal(refused, 'failure');
  connection.destroy();
});

test('A13 none, hostbased, gssapi and unknown methods fail and only real ones are listed', async () => {
  const connection = await connect();
  for (const method of ['none', 'hostbased', 'gssapi-with-mic', 'no-such-method']) {
    connection.send(payload(message.userauthRequest, text('alice'), text('ssh-connection'), text(method)));
    const answer = new Reader(await connection.receiveOf([message.userauthFailure], 5_000), 1);
    const methods = answer.text().split(',');
    assert.ok(
      methods.every((name) => ['publickey', 'password', 'keyboard-interactive'].includes(name)),
      methods.join(' '),
    );
  }
  connection.destroy();
});

test('A23 key options are honoured and an unknown one disables the key', async () => {
  const { directory } = instance().files;
  const lines: readonly (readonly [string, string, 'success' | 'failure'])[] = [
    ['from-here', 'from="127.0.0.1"', 'success'],
    ['from-elsewhere', 'from="192.0.2.0/24"', 'failure'],
    ['expired', 'expiry-time="20200101"', 'failure'],
    ['unknown', 'no-such-option', 'failure'],
  ];
  for (const [name, options, expected] of lines) {
    const file = path.join(directory, name);
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    await addKeyLine('alice', `line-${name}`, `${options} ${await mustRun('cat', [`${file}.pub`])}`);
    assert.equal(await answerTo((c) => publickeyRequest(c, 'alice', readClientKey(file))), expected, name);
  }
});

test('a channel before login is refused by ending the connection', async () => {
  const connection = await connect();
  connection.send(payload(message.channelOpen, text('session'), uint32(0), uint32(65_536), uint32(32_768)));
  connection.send(payload(message.globalRequest, text('tcpip-forward'), bool(true), text(''), uint32(0)));
  assert.equal(await connection.closesWithin(3_000), true);
});
