import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { it } from 'node:test';
import { RawConnection } from '../../support/raw-ssh/connection.js';
import { exchangeKeys } from '../../support/raw-ssh/key-exchange.js';
import { until } from '../../support/until.js';
import { workerSuite } from './worker-suite.js';

const graceMs = 1_200;
const { client, peer } = workerSuite({ graceMs, keepaliveMs: 300 });

it('a connection that sends nothing ends at the deadline', async () => {
  const socket = connect(peer().port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  await until('the end', 3 * graceMs, () => socket.closed || socket.readableEnded);
});

it('dripping bytes does not move the deadline', async () => {
  const connection = await RawConnection.open({ port: peer().port });
  const drip = setInterval(() => connection.socket.write('\0'), 100);
  assert.ok(await connection.closesWithin(3 * graceMs));
  clearInterval(drip);
});

it('a finished key exchange without a login ends at the deadline', async () => {
  const connection = await RawConnection.open({ port: peer().port });
  await exchangeKeys(connection);
  assert.ok(await connection.closesWithin(3 * graceMs));
});

it('a login ends the deadline', async () => {
  const { output } = await client().run(`sleep ${(2 * graceMs) / 1_000}; echo still here`);
  assert.equal(output.toString(), 'still here\n');
});

it('a client that is frozen loses its session', async () => {
  const marker = `${process.pid}-frozen`;
  const child = client().spawn(
    [],
    `trap '' PIPE; trap 'touch /tmp/${marker}; exit' HUP; while :; do echo x; sleep 0.1; done`,
  );
  child.stdout?.resume();
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.kill('SIGSTOP');
  try {
    await until('the hang-up', 10_000, () => existsSync(`/tmp/${marker}`));
  } finally {
    child.kill('SIGKILL');
    rmSync(`/tmp/${marker}`, { force: true });
  }
});
