/**
 * Channels, group C: a logged-in user with a client of their own making. What is feared: a worker that loops, grows or
 * throws (upstream issues 1504 and 1505 of the library), windows that nobody enforces, sessions without number.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from '../support/instance-parts.js';
import { residentBytes } from '../support/processes.js';
import { RawChannel } from '../support/raw-ssh/channel.js';
import type { RawConnection } from '../support/raw-ssh/connection.js';
import { bool, message, payload, Reader, text, uint32 } from '../support/raw-ssh/wire.js';
import { pause } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance, alice } = attackSuite('channels');

function workersMemory(): number {
  return partsOf(instance(), 'worker').reduce((sum, { pid }) => sum + residentBytes(pid), 0);
}

function openRequest(local: number, window: number, maxPacket: number): Buffer {
  return payload(message.channelOpen, text('session'), uint32(local), uint32(window), uint32(maxPacket));
}

/** Lets what was written to the socket go out. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

for (const maxPacket of [0, 1, 2 ** 32 - 1]) {
  test(`C02 a maximum packet of ${maxPacket} makes no storm and no loop`, async () => {
    const connection = await alice();
    try {
      const channel = await RawChannel.open(connection, { maxPacket });
      await channel.exec('head -c 100000 /dev/zero');
      let packets = 0;
      while (!channel.isClosed) {
        await channel.take();
        packets += 1;
      }
      assert.ok(packets < 1_000, `${packets} packets for 100 kB`);
      assert.ok(channel.data.every((each) => each.length <= 262_144));
    } catch (error) {
      assert.match(String(error), /channel refused|closed/); // refusing is the other good answer
    }
    connection.destroy();
  });
}

test('C03 data beyond the window to a program that does not read ends the connection or stays out', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  await channel.exec('sleep 100');
  const before = workersMemory();
  const chunk = Buffer.alloc(32_000, 1);
  for (let sent = 0; sent < 64_000_000 && !connection.isOver; sent += chunk.length) {
    channel.send(chunk);
    if (connection.socket.writableLength > 8_000_000) {
      await pause(5);
      if (connection.socket.writableLength > 8_000_000) {
        break; // the server has stopped reading
      }
    }
    await turn();
  }
  assert.ok(workersMemory() - before < 30_000_000, `grew by ${workersMemory() - before}`);
  connection.destroy();
});

test('C04 window adjusts that sum over 2^32-1 end the connection', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  await channel.exec('sleep 100');
  channel.adjust(2 ** 32 - 1);
  channel.adjust(2 ** 32 - 1);
  assert.equal(await connection.closesWithin(3_000), true);
});

test('C05 a client with a huge window that stops reading costs bounded memory', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection, { window: 2 ** 31 });
  const before = workersMemory();
  channel.request('exec', text('yes'));
  await channel.answer();
  connection.socket.pause();
  for (let look = 0; look < 20; look += 1) {
    await pause(100);
    assert.ok(workersMemory() - before < 60_000_000, `grew by ${workersMemory() - before}`);
  }
  connection.destroy();
});

test('C06 session channels are counted; beyond the cap there is a resource shortage', async () => {
  const connection = await alice();
  for (let local = 0; local < 500; local += 1) {
    connection.send(openRequest(local, 65_536, 32_768));
  }
  let [confirmed, refused] = [0, 0];
  while (confirmed + refused < 500) {
    const answer = await connection.receiveOf([message.channelOpenConfirmation, message.channelOpenFailure]);
    if (answer[0] === message.channelOpenConfirmation) {
      confirmed += 1;
    } else {
      refused += 1;
      assert.equal(answer.readUInt32BE(5), 4, 'SSH_OPEN_RESOURCE_SHORTAGE');
    }
  }
  assert.ok(confirmed <= 64, `${confirmed} were opened`);
  connection.destroy();
});

test('C07 opening and closing 10,000 channels grows nothing', async () => {
  const connection = await alice();
  const before = workersMemory();
  for (let n = 0; n < 10_000; n += 1) {
    const channel = await RawChannel.open(connection, { local: n });
    channel.close();
    await channel.take();
    assert.equal(channel.isClosed, true);
  }
  assert.ok(workersMemory() - before < 40_000_000, `grew by ${workersMemory() - before}`);
  connection.destroy();
});

test('C08 messages for unknown, closed and impossible channels hurt nobody else', async () => {
  for (const id of [77, 2 ** 31, 2 ** 32 - 1]) {
    for (const type of [
      'channelData',
      'channelEof',
      'channelClose',
      'channelWindowAdjust',
      'channelRequest',
    ] as const) {
      const connection = await alice();
      const rest = {
        channelData: [text('x')],
        channelEof: [],
        channelClose: [],
        channelWindowAdjust: [uint32(1)],
        channelRequest: [text('exec'), bool(true), text('true')],
      }[type];
      connection.send(payload(message[type], uint32(id), ...rest));
      await connection.closesWithin(100);
      connection.destroy();
    }
  }
});

test('C09 a second program on one session is refused', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  await channel.exec('sleep 5');
  for (const [type, ...parts] of [['exec', text('echo two')], ['shell'], ['subsystem', text('sftp')]] as const) {
    channel.request(type, ...(parts as Buffer[]));
    assert.equal(await channel.answer(), false, type);
  }
  connection.destroy();
});

test('C10 a second terminal, or one after the program has started, is refused', async () => {
  const connection = await alice();
  const twice = await RawChannel.open(connection, { local: 1 });
  assert.equal(await twice.requestTerminal(), true);
  assert.equal(await twice.requestTerminal(), false);
  const late = await RawChannel.open(connection, { local: 2 });
  await late.exec('sleep 5');
  assert.equal(await late.requestTerminal(), false);
  connection.destroy();
});

test('C11 impossible window sizes are clamped', async () => {
  for (const [columns, rows] of [
    [0, 0],
    [65_536, 65_536],
    [2 ** 32 - 1, 2 ** 32 - 1],
  ] as const) {
    const connection = await alice();
    const channel = await RawChannel.open(connection);
    assert.equal(await channel.requestTerminal('xterm', columns, rows), true);
    await channel.exec('stty size');
    await channel.drain();
    const [shownRows = -1, shownColumns = -1] = channel.output.toString().trim().split(' ').map(Number);
    assert.ok(
      shownRows >= 0 && shownRows <= 65_535 && shownColumns >= 0 && shownColumns <= 65_535,
      channel.output.toString(),
    );
    connection.destroy();
  }
});

/** RFC 4254 section 8: opcode, then a 32-bit value; 0 ends the list. */
function modes(...pairs: (readonly [opcode: number, value: number])[]): Buffer {
  return Buffer.concat([
    ...pairs.flatMap(([opcode, value]) => [Buffer.from([opcode]), uint32(value)]),
    Buffer.from([0]),
  ]);
}

test('C12 terminal modes of the client are those of the terminal', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  const [vintr, echo, icrnl] = [1, 53, 36];
  await channel.requestTerminal('xterm', 80, 24, modes([vintr, 7], [echo, 0], [icrnl, 0]));
  await channel.exec('stty -a');
  await channel.drain();
  const shown = channel.output.toString();
  assert.match(shown, /intr = \^G/);
  assert.match(shown, / -echo /);
  assert.match(shown, / -icrnl /);
  connection.destroy();
});

test('C13 a hostile TERM is cleaned or refused', async () => {
  for (const term of ['x'.repeat(10_000), '../../etc/passwd', 'a\nb', '\x1b[2J', '-x', '']) {
    const connection = await alice();
    const channel = await RawChannel.open(connection);
    if (await channel.requestTerminal(term)) {
      await channel.exec('printf "%s" "$TERM"');
      await channel.drain();
      assert.match(
        channel.output.toString(),
        /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$|^$/,
        JSON.stringify(term.slice(0, 30)),
      );
    }
    connection.destroy();
  }
});

test('C14 ten thousand resizes are coalesced and the last one counts', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  await channel.requestTerminal();
  await channel.exec('read -r line; stty size');
  for (let n = 1; n <= 10_000; n += 1) {
    connection.send(
      payload(
        message.channelRequest,
        uint32(channel.remote),
        text('window-change'),
        bool(false),
        uint32(100 + (n % 50)),
        uint32(33),
        uint32(0),
        uint32(0),
      ),
    );
    if (n % 500 === 0) {
      await turn();
    }
  }
  channel.send(Buffer.from('\n'));
  await channel.drain();
  assert.match(channel.output.toString(), /33 100/);
  connection.destroy();
});

test('C24 unknown channel types and global requests are refused in order', async () => {
  const connection: RawConnection = await alice();
  for (let n = 0; n < 20; n += 1) {
    connection.send(payload(message.globalRequest, text(`unknown-${n}@example.org`), bool(true)));
    connection.send(payload(message.channelOpen, text('no-such-type'), uint32(n), uint32(1), uint32(1)));
  }
  const order: number[] = [];
  let failures = 0;
  while (order.length < 20 || failures < 20) {
    const answer = await connection.receiveOf([message.requestFailure, message.channelOpenFailure]);
    if (answer[0] === message.requestFailure) {
      failures += 1;
    } else {
      order.push(new Reader(answer, 1).uint32());
    }
  }
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, n) => n),
  );
  connection.destroy();
});
