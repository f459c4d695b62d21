import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import { addon, type Watch } from '../../../src/base/addon.js';
import { deferred } from './deferred.js';
import { openFdCount } from './descriptor-state.js';

function isNonBlocking(fd: number): boolean {
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  return (Number.parseInt(flags?.[1] ?? '0', 8) & 0o4000) !== 0;
}

/** The two ends of a pipe, both blocking, by way of a child's standard input. */
async function withPipe(use: (readEnd: number, writeEnd: number) => void | Promise<void>): Promise<void> {
  const child = spawn('sh', ['-c', 'sleep 60 | { echo ready; exec sleep 60; }'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await once(child.stdout, 'data');
  const sleepers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  const readEnd = openSync(`/proc/${sleepers[1]}/fd/0`, 'r');
  const writeEnd = openSync(`/proc/${sleepers[0]}/fd/1`, 'w');
  try {
    await use(readEnd, writeEnd);
  } finally {
    closeSync(readEnd);
    process.kill(-(child.pid as number), 'SIGKILL');
  }
}

describe('read and write without waiting', () => {
  test('a blocking pipe keeps its flags, fills, drains and ends', () =>
    withPipe((readEnd, writeEnd) => {
      assert.equal(addon.read(readEnd, 10), null);
      let written = 0;
      for (;;) {
        const taken = addon.write(writeEnd, Buffer.alloc(10_000, 'x'));
        if (taken === null) break;
        written += taken;
      }
      assert.ok(written >= 60_000, `${written}`);
      assert.equal(isNonBlocking(writeEnd), false);
      let got = 0;
      for (;;) {
        const part = addon.read(readEnd, 7_000);
        if (part === null) break;
        got += part.length;
      }
      assert.equal(got, written);
      assert.equal(isNonBlocking(readEnd), false);
      closeSync(writeEnd);
    }));

  test('a terminal gives every byte, then its end', () => {
    const { master, slave } = addon.openPty();
    assert.equal(addon.read(master, 10), null);
    assert.equal(isNonBlocking(master), true); // a hang-up can be taken back between poll and read
    addon.write(slave, Buffer.from('a\nb'));
    addon.close(slave);
    assert.equal(addon.read(master, 100)?.toString(), 'a\r\nb');
    assert.equal(addon.read(master, 100)?.length, 0);
    addon.close(master);
  });

  test('a terminal whose program does not read would block', () => {
    const { master, slave } = addon.openPty();
    let taken: number | null = 0;
    let total = 0;
    while (taken !== null) {
      taken = addon.write(master, Buffer.alloc(5000, 'line\n'));
      total += taken ?? 0;
      assert.ok(total < 10_000_000);
    }
    for (const fd of [master, slave]) addon.close(fd);
  });

  test('a regular file is read to its end', () => {
    const file = openSync('/proc/self/status', 'r');
    assert.ok((addon.read(file, 100_000)?.length ?? 0) > 100);
    assert.equal(addon.read(file, 100)?.length, 0);
    closeSync(file);
  });

  test('peek leaves the bytes where they are', () => {
    const [near, far] = addon.socketPair('stream');
    assert.equal(addon.peek(far, 10), null);
    addon.send(near, Buffer.from('SSH-2.0-x'));
    assert.equal(addon.peek(far, 4)?.toString(), 'SSH-');
    assert.equal(addon.recv(far, 100, 0)?.data.toString(), 'SSH-2.0-x');
    for (const fd of [near, far]) addon.close(fd);
  });

  test('a window size is seen at the other end', async () => {
    const { master, slave } = addon.openPty();
    addon.setWindowSize(master, 132, 43, 0, 0);
    const child = spawn('stty', ['size'], { stdio: [slave, 'pipe', 'ignore'] });
    assert.ok(child.stdout !== null);
    const [data] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal(data.toString(), '43 132\n');
    for (const fd of [master, slave]) addon.close(fd);
  });
});

describe('watch', () => {
  test('tells readable and writable, only while wanted', async () => {
    const [near, far] = addon.socketPair('stream');
    const seen: string[] = [];
    const { promise, resolve } = deferred();
    const watch: Watch = addon.watch(far, { writable: true }, ({ readable, writable }) => {
      seen.push(`${readable ? 'r' : ''}${writable ? 'w' : ''}`);
      if (seen.length === 1) {
        watch.update({ readable: true });
        addon.send(near, Buffer.from('x'));
      } else {
        watch.close();
        resolve();
      }
    });
    await promise;
    assert.deepEqual(seen, ['w', 'r']);
    for (const fd of [near, far]) addon.close(fd);
  });

  test('close is harmless twice, ends the callbacks and leaves the descriptor open', async () => {
    const [near, far] = addon.socketPair('stream');
    const watch = addon.watch(far, { readable: true }, () => assert.fail('called after close'));
    addon.send(near, Buffer.from('x'));
    watch.close();
    watch.close();
    assert.throws(() => watch.update({ readable: true }), { code: 'EBADF' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(addon.recv(far, 10, 0)?.data.toString(), 'x');
    for (const fd of [near, far]) addon.close(fd);
  });

  test('the broken end of a pipe counts as ready, and the write says why', () =>
    withPipe(async (readEnd, writeEnd) => {
      while (addon.write(writeEnd, Buffer.alloc(65_536)) !== null);
      const { promise, resolve } = deferred();
      const watch = addon.watch(writeEnd, { writable: true }, () => resolve());
      while (addon.read(readEnd, 65_536) !== null);
      await promise;
      watch.close();
      assert.equal(isNonBlocking(writeEnd), false);
      closeSync(writeEnd);
    }));

  test('a broken pair counts as ready', async () => {
    const [near, far] = addon.socketPair('stream');
    const { promise, resolve } = deferred();
    const watch = addon.watch(near, { readable: true }, () => resolve());
    addon.close(far);
    await promise;
    watch.close();
    assert.equal(addon.recv(near, 1, 0)?.data.length, 0);
    addon.close(near);
  });

  test('refuses a second watch of one descriptor and a regular file', () => {
    const [near, far] = addon.socketPair('stream');
    const watch = addon.watch(near, { readable: true }, () => {});
    assert.throws(() => addon.watch(near, { readable: true }, () => {}), { code: 'EEXIST' });
    watch.close();
    const file = openSync('/etc/hostname', 'r');
    assert.throws(() => addon.watch(file, { readable: true }, () => {}), { code: 'EPERM' });
    closeSync(file);
    for (const fd of [near, far]) addon.close(fd);
  });

  test('a thousand watches come and go without a trace', async () => {
    const before = openFdCount();
    for (let i = 0; i < 1000; i++) {
      const [near, far] = addon.socketPair('stream');
      addon.watch(near, { readable: true }, () => {}).close();
      addon.close(near);
      addon.close(far);
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(openFdCount(), before);
  });
});

describe('recvBlocking', () => {
  test('waits for a message of another process, and not beyond the deadline', () => {
    const [near, far] = addon.socketPair('seqpacket');
    assert.equal(addon.recvBlocking(near, 10, 0, 30), null);
    const child = spawn('sh', ['-c', 'sleep 0.1; echo hello >&3'], { stdio: ['ignore', 'ignore', 'inherit', far] });
    assert.equal(addon.recvBlocking(near, 10, 0, 10_000)?.data.toString(), 'hello\n');
    assert.ok(child.pid !== undefined);
    for (const fd of [near, far]) addon.close(fd);
  });
});

test('a slave terminal that other processes share keeps its flags', () => {
  const { master, slave } = addon.openPty();
  const watch = addon.watch(slave, { readable: true }, () => {});
  assert.equal(addon.read(slave, 10), null);
  addon.write(slave, Buffer.from('x'));
  assert.equal(isNonBlocking(slave), false);
  watch.close();
  writeSync(master, 'typed\n');
  assert.equal(addon.read(slave, 10)?.toString(), 'typed\n');
  for (const fd of [master, slave]) addon.close(fd);
});
