import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type AcceptedConnection, addon } from '../../../src/base/addon.js';
import { isClosed, openFdCount } from './descriptor-state.js';

const directory = mkdtempSync(join(tmpdir(), 'jaild-addon-'));
after(() => rmSync(directory, { recursive: true }));

function isCloseOnExec(fd: number): boolean {
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  return (Number.parseInt(flags?.[1] ?? '0', 8) & 0o2000000) !== 0;
}

function acceptSoon(listener: number): Promise<AcceptedConnection> {
  return new Promise((resolve) => {
    const watch = addon.watch(listener, { readable: true }, () => {
      const connection = addon.accept(listener);
      if (connection === null) return;
      watch.close();
      resolve(connection);
    });
  });
}

describe('message with descriptors', () => {
  test('passes a descriptor that names the same file', () => {
    const [near, far] = addon.socketPair('seqpacket');
    const file = openSync('/proc/self/status', 'r');
    assert.equal(addon.send(near, Buffer.from('take'), [file]), 4);
    const message = addon.recv(far, 100, 4);
    assert.equal(message?.data.toString(), 'take');
    const [passed] = message.fds;
    assert.ok(passed !== undefined && passed !== file);
    assert.equal(fstatSync(passed).ino, fstatSync(file).ino);
    for (const fd of [near, far, file, passed]) addon.close(fd);
  });

  test('passes descriptors the other way on the same pair', () => {
    const [near, far] = addon.socketPair('stream');
    const [a, b] = addon.socketPair('stream');
    addon.send(near, Buffer.from('1'), [a]);
    addon.send(far, Buffer.from('2'), [b]);
    const [gotA] = addon.recv(far, 10, 1)?.fds ?? [];
    const [gotB] = addon.recv(near, 10, 1)?.fds ?? [];
    assert.ok(gotA !== undefined && gotB !== undefined);
    addon.send(gotA, Buffer.from('through'));
    assert.equal(addon.recv(gotB, 100, 0)?.data.toString(), 'through');
    for (const fd of [near, far, a, b, gotA, gotB]) addon.close(fd);
  });

  test('makes everything close-on-exec', () => {
    const [near, far] = addon.socketPair('seqpacket');
    addon.send(near, Buffer.from('x'), [near]);
    const { fds } = addon.recv(far, 1, 1) ?? { fds: [] };
    const memory = addon.memfd('test', Buffer.from('x'));
    const { master, slave } = addon.openPty();
    const all = [near, far, ...fds, memory, master, slave];
    assert.equal(all.length, 6);
    assert.deepEqual(all.map(isCloseOnExec), [true, true, true, true, true, true]);
    for (const fd of all) addon.close(fd);
  });

  for (const type of ['stream', 'seqpacket'] as const) {
    for (const [sent, accepted] of [
      [1, 0],
      [2, 1],
      [3, 2],
      [64, 63],
    ] as const) {
      test(`closes all of ${sent} descriptors where ${accepted} are accepted (${type})`, () => {
        const [near, far] = addon.socketPair(type);
        const before = openFdCount();
        addon.send(near, Buffer.from('many'), new Array(sent).fill(near));
        assert.throws(() => addon.recv(far, 100, accepted), { code: 'EBADMSG', syscall: 'recvmsg' });
        assert.equal(openFdCount(), before);
        for (const fd of [near, far]) addon.close(fd);
      });
    }
  }

  test('closes the descriptors of a packet that is too long', () => {
    const [near, far] = addon.socketPair('seqpacket');
    const before = openFdCount();
    addon.send(near, Buffer.alloc(20), [near]);
    assert.throws(() => addon.recv(far, 10, 1), { code: 'EMSGSIZE' });
    assert.equal(openFdCount(), before);
    for (const fd of [near, far]) addon.close(fd);
  });

  test('would block, then tells the end', () => {
    const [near, far] = addon.socketPair('seqpacket');
    assert.equal(addon.recv(far, 10, 1), null);
    while (addon.send(near, Buffer.alloc(1000)) !== null);
    while (addon.recv(far, 1000, 0) !== null);
    addon.close(near);
    assert.equal(addon.recv(far, 10, 1)?.data.length, 0);
    assert.throws(() => addon.send(far, Buffer.from('x')), { code: 'EPIPE', errno: -32, syscall: 'sendmsg' });
    addon.close(far);
  });

  test('refuses an empty message and too many descriptors', () => {
    const [near, far] = addon.socketPair('stream');
    assert.throws(() => addon.send(near, Buffer.alloc(0)), { code: 'EINVAL' });
    assert.throws(() => addon.send(near, Buffer.from('x'), new Array(65).fill(near)), TypeError);
    assert.throws(() => addon.send(near, Buffer.from('x'), [-1]), RangeError);
    for (const fd of [near, far]) addon.close(fd);
  });
});

describe('Unix socket', () => {
  test('listens with the mode asked for, accepts and knows its peer', () => {
    const path = join(directory, 'a.sock');
    const listener = addon.listenUnix(path, 'seqpacket', 0o666);
    assert.equal(statSync(path).mode & 0o777, 0o666);
    assert.equal(addon.accept(listener), null);
    const client = addon.connectUnix(path, 'seqpacket');
    const accepted = addon.accept(listener);
    assert.equal(accepted?.family, 'unix');
    assert.deepEqual(addon.peerCredentials(accepted.fd), {
      pid: process.pid,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    for (const fd of [listener, client, accepted.fd]) addon.close(fd);
  });

  test('takes a path longer than the kernel does', () => {
    const deep = mkdtempSync(join(directory, 'd'.repeat(200)));
    const path = join(deep, 'control');
    const listener = addon.listenUnix(path, 'stream', 0o600);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const client = addon.connectUnix(path, 'stream');
    assert.throws(() => addon.connectUnix(join(deep, 'n'.repeat(200)), 'stream'), { code: 'ENAMETOOLONG' });
    for (const fd of [listener, client]) addon.close(fd);
  });

  test('does not replace a file that is there', () => {
    const path = join(directory, 'taken.sock');
    addon.close(addon.listenUnix(path, 'stream', 0o600));
    const before = openFdCount();
    assert.throws(() => addon.listenUnix(path, 'stream', 0o600), { code: 'EADDRINUSE' });
    assert.throws(() => addon.connectUnix(path, 'stream'), { code: 'ECONNREFUSED' });
    assert.throws(() => addon.connectUnix(join(directory, 'none'), 'stream'), { code: 'ENOENT' });
    assert.equal(openFdCount(), before);
  });

  test('tells the service manager', () => {
    assert.throws(() => addon.notify(join(directory, 'nobody'), 'READY=1'), { code: 'ENOENT' });
  });
});

describe('accept of a TCP connection', () => {
  for (const [host, wanted] of [
    ['127.0.0.1', 'IPv4'],
    ['::ffff:127.0.0.1', 'IPv4'],
    ['::1', 'IPv6'],
  ] as const) {
    test(`names the source of a connection to ${host}`, async () => {
      // Bound by Node, accepted by the addon: with the duplicate the socket goes on listening.
      const server = createServer().listen(0, '::');
      await new Promise((resolve) => server.once('listening', resolve));
      const handle = (server as unknown as { _handle: { fd: number } })._handle;
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      const duplicate = openDuplicate(handle.fd);
      server.close();
      const client = connect(address.port, host);
      const accepted = await acceptSoon(duplicate);
      assert.equal(accepted.family, wanted);
      assert.equal(accepted.address, wanted === 'IPv6' ? '::1' : '127.0.0.1');
      assert.equal(accepted.port, client.localPort);
      addon.close(accepted.fd);
      addon.close(duplicate);
      client.destroy();
    });
  }
});

/** A second number for the same socket, by way of a message. */
function openDuplicate(fd: number): number {
  const [near, far] = addon.socketPair('stream');
  addon.send(near, Buffer.from('x'), [fd]);
  const [copy] = addon.recv(far, 1, 1)?.fds ?? [];
  addon.close(near);
  addon.close(far);
  assert.ok(copy !== undefined);
  return copy;
}

describe('locks and memory files', () => {
  test('a second opener does not get the lock', () => {
    const path = join(directory, 'lock');
    const [first, second] = [openSync(path, 'w'), openSync(path, 'w')];
    assert.equal(addon.flock(first, 'exclusive', true), true);
    assert.equal(addon.flock(second, 'exclusive', true), false);
    assert.equal(addon.flock(second, 'shared', true), false);
    assert.equal(addon.flock(first, 'unlock', true), true);
    assert.equal(addon.flock(second, 'shared', true), true);
    assert.equal(addon.flock(first, 'shared', true), true);
    closeSync(first);
    closeSync(second);
  });

  test('a memory file is at its beginning, named and sealed', () => {
    const fd = addon.memfd('spec-x', Buffer.from('content'));
    assert.equal(readlinkSync(`/proc/self/fd/${fd}`), '/memfd:spec-x (deleted)');
    assert.equal(readFileSync(fd, 'utf8'), 'content');
    assert.throws(() => addon.write(fd, Buffer.from('more')), { code: 'EPERM' });
    addon.close(fd);
    assert.ok(isClosed(fd));
    assert.throws(() => addon.close(fd), { code: 'EBADF' });
  });
});

test('arguments of a wrong kind are refused before any call', () => {
  const [near, far] = addon.socketPair('stream');
  const loose = addon as unknown as Record<string, (...values: unknown[]) => unknown>;
  const wrong: [string, unknown[]][] = [
    ['recv', [near, 10]],
    ['recv', [near, 0, 0]],
    ['recv', [near, 10, 65]],
    ['recv', ['0', 10, 0]],
    ['recv', [1.5, 10, 0]],
    ['recv', [Number.NaN, 10, 0]],
    ['write', [near, 'text']],
    ['socketPair', ['dgram']],
    ['connectUnix', ['a\0b', 'stream']],
    ['listenUnix', ['/tmp/x', 'stream', 0o4777]],
    ['setWindowSize', [near, 80, 65536, 0, 0]],
    ['crypt', ['secret', '$6$x']],
    ['watchOpen', [near, true, false, null]],
    ['watchClose', [{}]],
    ['flock', [near, 'exclusive', 1]],
  ];
  for (const [name, values] of wrong) assert.throws(() => loose[name]?.(...values), /Error/, name);
  for (const [name] of wrong) assert.equal(typeof loose[name], 'function', name);
  for (const fd of [near, far]) addon.close(fd);
});
