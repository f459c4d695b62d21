import assert from 'node:assert/strict';
import { connect, createServer, type NetConnectOpts, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { runProgram } from '../../support/program.js';
import { sha256, steadyBytes } from '../../support/random-bytes.js';
import { RawChannel } from '../../support/raw-ssh/channel.js';
import { bool, message, payload, Reader, text, uint32 } from '../../support/raw-ssh/wire.js';
import { workerSuite } from './worker-suite.js';

const { client, peer, raw } = workerSuite({ maxForwards: 4 });
const bytes = steadyBytes(3_000_000);
let service: Server;

/** A service that reads to the end, then sends `bytes` and how much it read. */
before(async () => {
  service = createServer({ allowHalfOpen: true }, (socket) => {
    let read = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      read += chunk.length;
    });
    socket.on('end', () => socket.end(Buffer.concat([bytes, Buffer.from(String(read))])));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
after(() => service.close());

/** Sends all of `input`, half-closes, and gives what came back. */
async function call(target: NetConnectOpts, input: Buffer): Promise<Buffer> {
  const socket = connect({ ...target, allowHalfOpen: true });
  socket.end(input);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function servicePort(): number {
  const address = service.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function assertAnswer(output: Buffer, sent: number): void {
  assert.equal(sha256(output.subarray(0, bytes.length)), sha256(bytes));
  assert.equal(output.subarray(bytes.length).toString(), String(sent));
}

it('-W carries both directions and each half-close', async () => {
  const args = [
    '-W',
    `127.0.0.1:${servicePort()}`,
    '-p',
    String(peer().port),
    ...client().options(),
    'alice@127.0.0.1',
  ];
  const { stdout } = await runProgram('ssh', args, { input: bytes });
  assertAnswer(stdout, bytes.length);
});

it('a remote forward of a port carries connections back', async () => {
  const port = await freePort();
  const child = client().spawn(['-R', `${port}:127.0.0.1:${servicePort()}`], 'echo up; sleep 30');
  try {
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    assertAnswer(await call({ host: '127.0.0.1', port }, bytes), bytes.length);
  } finally {
    child.kill();
  }
});

it('a remote forward of a socket path carries connections back', async () => {
  const path = join(client().directory, 'forwarded');
  const child = client().spawn(['-R', `${path}:127.0.0.1:${servicePort()}`], 'echo up; sleep 30');
  try {
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    assertAnswer(await call({ path }, Buffer.from('hello')), 5);
  } finally {
    child.kill();
  }
});

it("a listener that the jail's root has ended takes no connection with it", async () => {
  const port = await freePort();
  const child = client().spawn(['-R', `${port}:127.0.0.1:${servicePort()}`], 'echo up; sleep 30');
  const other = await raw();
  try {
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const { stdout } = await runProgram('ss', ['-K', '-t', '-n', 'state', 'listening', `( sport = :${port} )`]);
    assert.match(stdout.toString(), new RegExp(`:${port}\\b`));
    const channel = await RawChannel.open(other);
    await channel.exec('true');
    await assert.rejects(call({ host: '127.0.0.1', port }, bytes), /ECONNREFUSED/);
    assert.equal(child.exitCode, null);
  } finally {
    child.kill();
    other.destroy();
  }
});

it('a refused target is a refused channel, and channels are counted', async () => {
  const connection = await raw();
  const open = (local: number, port: number) =>
    connection.send(
      payload(
        message.channelOpen,
        ...[text('direct-tcpip'), uint32(local), uint32(1_000_000), uint32(32_768)],
        ...[text('127.0.0.1'), uint32(port), text('127.0.0.1'), uint32(1)],
      ),
    );
  open(0, 1);
  const refusal = new Reader(await connection.receiveOf([message.channelOpenFailure]), 1);
  assert.deepEqual([refusal.uint32(), refusal.uint32()], [0, 2]);
  for (let local = 0; local < 6; local += 1) open(local, servicePort());
  const answers: number[] = [];
  while (answers.length < 6) {
    const answer = await connection.receiveOf([message.channelOpenConfirmation, message.channelOpenFailure]);
    answers.push(answer[0] ?? 0);
  }
  assert.equal(answers.filter((type) => type === message.channelOpenConfirmation).length, 4);
  connection.destroy();
});

it('remote forwards are counted, cancelled once, and answered in order', async () => {
  const connection = await raw();
  const request = (name: string, port: number) =>
    connection.send(payload(message.globalRequest, text(name), bool(true), text('127.0.0.1'), uint32(port)));
  for (let count = 0; count < 5; count += 1) request('tcpip-forward', 0);
  const ports: number[] = [];
  let failures = 0;
  while (ports.length + failures < 5) {
    const answer = await connection.receiveOf([message.requestSuccess, message.requestFailure]);
    if (answer[0] === message.requestSuccess) ports.push(new Reader(answer, 1).uint32());
    else failures += 1;
  }
  assert.deepEqual([ports.length, failures], [4, 1]);
  request('cancel-tcpip-forward', ports[0] ?? 0);
  request('cancel-tcpip-forward', ports[0] ?? 0);
  assert.equal(
    (await connection.receiveOf([message.requestSuccess, message.requestFailure]))[0],
    message.requestSuccess,
  );
  assert.equal(
    (await connection.receiveOf([message.requestSuccess, message.requestFailure]))[0],
    message.requestFailure,
  );
  const channel = await RawChannel.open(connection);
  await channel.exec('true');
  connection.destroy();
});
