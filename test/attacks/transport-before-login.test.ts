/**
 * Transport, group T of the attack table: connections that never log in. The story of each: somebody on the network, with
 * no account, tries to hold slots, memory or the log. Deadlines are absolute, caps are per source, and the log holds
 * escaped text only. Grace and identification times are shortened so that a deadline can be waited for.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { partsOf } from '../support/instance-parts.js';
import { residentBytes } from '../support/processes.js';
import { RawConnection } from '../support/raw-ssh/connection.js';
import { exchangeKeys } from '../support/raw-ssh/key-exchange.js';
import { ssh } from '../support/ssh-client.js';
import { pause, until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const graceMs = 3_000;
const { instance, port } = attackSuite('before-login', { listener: { grace_time: '3s', ident_time: '2s' } });

/** Milliseconds until the server closes; fails when it does not within twice the grace time. */
async function closingTime(connection: RawConnection): Promise<number> {
  const from = Date.now();
  assert.equal(await connection.closesWithin(graceMs * 2 + 1_000), true, 'the server closes at its deadline');
  return Date.now() - from;
}

test('T01 a connection that sends nothing is closed at the deadline', async () => {
  await closingTime(await RawConnection.open({ port: port(), version: null }));
});

test('T02 a connection that sends only a version line is closed at the deadline', async () => {
  const ms = await closingTime(await RawConnection.open({ port: port() }));
  assert.ok(ms > 1_000, `closed too early, after ${ms} ms`);
});

test('T03 dripping bytes does not move the deadline', async () => {
  const connection = await RawConnection.open({ port: port(), version: null });
  const line = 'SSH-2.0-drip-with-a-long-name-to-take-its-time';
  const dripping = (async () => {
    for (const letter of line) {
      if (connection.isOver) {
        return;
      }
      connection.socket.write(letter);
      await pause(250);
    }
  })();
  await closingTime(connection);
  await dripping;
});

test('T04 a finished key exchange without a service request is closed at the deadline', async () => {
  const connection = await RawConnection.open({ port: port() });
  await exchangeKeys(connection);
  await closingTime(connection);
});

test('T05 200 half-open sockets from one address do not keep another address out', async () => {
  const held = await Promise.all(
    Array.from({ length: 200 }, () =>
      RawConnection.open({ port: port(), from: '127.0.0.66', version: null }).catch(() => undefined),
    ),
  );
  const open = () => held.filter((each) => each !== undefined && !each.isOver).length;
  await until('only 50 are held for one address', 1_700, () => open() <= 50); // before their own deadline
  const { out, err } = await ssh(instance(), 'bob', 'echo in', { flags: ['-b', '127.0.0.67'] });
  assert.equal(out, 'in', err);
  for (const each of held) {
    each?.destroy();
  }
});

test('T06 over-long version lines are cut off and memory stays flat', async () => {
  const [listener] = partsOf(instance(), 'listener');
  const before = residentBytes(listener?.pid ?? 0);
  for (const length of [300, 8_192, 1_000_000]) {
    const connection = await RawConnection.open({ port: port(), version: null });
    connection.socket.write(`SSH-2.0-${'x'.repeat(length)}`);
    assert.equal(await connection.closesWithin(graceMs), true, `${length} bytes without an end`);
  }
  assert.ok(residentBytes(listener?.pid ?? 0) - before < 8_000_000);
});

test('T07 an SSH 1 client is refused', async () => {
  for (const version of ['SSH-1.5-x', 'SSH-1.99', 'HTTP/1.1 GET /', 'SSH-2']) {
    const connection = await RawConnection.open({ port: port(), version });
    assert.equal(await connection.closesWithin(graceMs), true, version);
  }
});

test('T09 control and bidi characters of a version line reach the log escaped', async () => {
  const connection = await RawConnection.open({ port: port(), version: null });
  connection.socket.write('SSH-2.0-evil\x1b]0;owned\x07\u202e\x9b31m\0\x7f\r\n');
  await connection.closesWithin(graceMs * 2);
  const log = path.join(instance().files.directory, 'serve.log');
  await until('the connection is logged', 5_000, () =>
    /evil|connection\.(closed|refused)/.test(readFileSync(log, 'utf8')),
  );
  const text = readFileSync(log, 'utf8');
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
});
