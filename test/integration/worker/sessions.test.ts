import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { sha256, steadyBytes } from '../../support/random-bytes.js';
import { RawChannel } from '../../support/raw-ssh/channel.js';
import { bool, message, payload, text, uint32 } from '../../support/raw-ssh/wire.js';
import { until } from '../../support/until.js';
import { workerSuite } from './worker-suite.js';

const { client, raw } = workerSuite();
const large = 20_000_000;

it('a command has its output, its errors and its status', async () => {
  const { output, errors, code } = await client().run('cat; echo problem >&2; exit 42', { input: Buffer.from('data') });
  assert.deepEqual([output.toString(), errors, code], ['data', 'problem\n', 42]);
});

it('every status arrives as it was', async () => {
  const connection = await raw();
  for (const status of [0, 1, 2, 126, 127, 128, 200, 255]) {
    const channel = await RawChannel.open(connection);
    await channel.exec(`exit ${status}`);
    assert.deepEqual(await channel.drain(), { status, signal: undefined, sawEof: true });
  }
  connection.destroy();
});

it('death by a signal arrives as its name, or as 128 and its number', async () => {
  const connection = await raw();
  for (const [signal, end] of [
    ['TERM', { status: undefined, signal: 'TERM' }],
    ['SEGV', { status: undefined, signal: 'SEGV' }],
    ['XCPU', { status: 152, signal: undefined }],
  ] as const) {
    const channel = await RawChannel.open(connection);
    await channel.exec(`ulimit -c 0; kill -${signal} $$`);
    assert.deepEqual(await channel.drain(), { ...end, sawEof: true });
  }
  connection.destroy();
});

it('large input and output are unchanged', async () => {
  const input = steadyBytes(large);
  const { output, code } = await client().run('cat', { input, deadlineMs: 60_000 });
  assert.equal(code, 0);
  assert.equal(sha256(output), sha256(input));
});

it('large output and large errors at once both arrive', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec(`head -c ${large} /dev/zero & head -c ${large} /dev/zero >&2; wait`);
  await channel.drain(60_000);
  const count = (chunks: readonly Buffer[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  assert.deepEqual([count(channel.data), count(channel.extended)], [large, large]);
  connection.destroy();
});

it('data and end of file that arrive with the request are not lost', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  channel.request('exec', text('cat'));
  channel.send(Buffer.from('early'));
  connection.send(payload(message.channelEof, uint32(channel.remote)));
  await channel.drain();
  assert.equal(channel.output.toString(), 'early');
  connection.destroy();
});

it('the program goes on after the client has ended its input', async () => {
  const { output } = await client().run('cat >/dev/null; echo still here', { input: Buffer.from('x') });
  assert.equal(output.toString(), 'still here\n');
});

it('a signal after the end of input reaches the program', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec('trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
  connection.send(payload(message.channelEof, uint32(channel.remote)));
  while (!channel.output.includes('ready')) await channel.take();
  channel.request('signal', text('TERM'));
  assert.equal(await channel.answer(), true);
  assert.equal((await channel.drain()).status, 3);
  assert.match(channel.output.toString(), /got it/);
  connection.destroy();
});

it('requests are answered in order while a program runs', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec('cat');
  for (const type of ['no-such@example.org', 'break', 'auth-agent-req@openssh.com', 'keepalive@openssh.com']) {
    channel.request(type, uint32(0));
  }
  channel.request('exec', text('true'));
  for (let count = 0; count < 5; count += 1) assert.equal(await channel.answer(), false);
  connection.destroy();
});

it('commands longer than a packet of the library pass', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec(`printf %s ${'x'.repeat(100_000)} | wc -c`);
  await channel.drain();
  assert.equal(channel.output.toString().trim(), '100000');
  connection.destroy();
});

it('a program whose reader is gone gets a broken pipe', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec('trap "" PIPE; yes 2>/dev/null; echo "yes ended: $?" >&2');
  await channel.take();
  connection.send(payload(message.channelRequest, uint32(channel.remote), text('eow@openssh.com'), bool(false)));
  await channel.drain(10_000);
  assert.match(Buffer.concat(channel.extended).toString(), /yes ended: 1/);
  connection.destroy();
});

it('a client that reads no terminal output for a while loses none of it', async () => {
  const bytes = 8_000_000;
  const { output, code } = await client().run(`stty raw -echo; head -c ${bytes} /dev/zero; exit 4`, {
    flags: ['-tt'],
    pace: 'stalled',
    deadlineMs: 60_000,
  });
  assert.deepEqual([output.length, code], [bytes, 4]);
});

it('a client that closes right behind its data has the data delivered', async () => {
  const file = join(client().directory, 'delivered');
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec(`sleep 0.3; cat > ${file}`);
  const input = steadyBytes(1_500_000);
  for (let at = 0; at < input.length; at += 30_000) channel.send(input.subarray(at, at + 30_000));
  connection.send(payload(message.channelEof, uint32(channel.remote)));
  channel.close();
  await until('the data', 5_000, () => existsSync(file) && sha256(readFileSync(file)) === sha256(input));
  connection.destroy();
});

it('a client that closes the channel has its program hung up soon', async () => {
  const file = join(client().directory, 'hung-up');
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  await channel.exec(`trap '' PIPE; trap 'touch ${file}; exit' HUP; while :; do sleep 0.05; done`);
  channel.close();
  await until('the hang-up', 5_000, () => existsSync(file));
  connection.destroy();
});

it('many channels share what a connection may hold: the first have large windows, the others small ones', async () => {
  const connection = await raw();
  const windows: number[] = [];
  for (let local = 0; local < 12; local += 1) windows.push((await RawChannel.open(connection, { local })).sendWindow);
  assert.deepEqual([windows[0], windows[7], windows[8], windows[11]], [2 << 20, 2 << 20, 128 << 10, 128 << 10]);
  connection.destroy();
});
