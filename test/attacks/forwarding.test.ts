/**
 * Forwarding and environment, group F: a client asks the server to open sockets, bind ports and set variables on its
 * behalf. Sockets are made inside the jail's network only; variables pass by a list and never reach a helper.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mustRun } from '../support/program.js';
import { RawChannel } from '../support/raw-ssh/channel.js';
import type { RawConnection } from '../support/raw-ssh/connection.js';
import { bool, message, payload, Reader, text, uint32 } from '../support/raw-ssh/wire.js';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance, alice } = attackSuite('forwarding');

/** Asks for a remote forward; gives the port, or undefined when it was refused. */
async function remoteForward(connection: RawConnection, host: string, port: number): Promise<number | undefined> {
  connection.send(payload(message.globalRequest, text('tcpip-forward'), bool(true), text(host), uint32(port)));
  const answer = await connection.receiveOf([message.requestSuccess, message.requestFailure]);
  if (answer[0] === message.requestFailure) {
    return undefined;
  }
  return port === 0 ? new Reader(answer, 1).uint32() : port;
}

/** Asks for a connection; true when it was opened. */
async function directTcp(connection: RawConnection, host: string | Buffer, port: number): Promise<boolean> {
  const address = [text(host), uint32(port), text('127.0.0.1'), uint32(1)];
  connection.send(
    payload(message.channelOpen, text('direct-tcpip'), uint32(9), uint32(65_536), uint32(32_768), ...address),
  );
  const answer = await connection.receiveOf(
    [message.channelOpenConfirmation, message.channelOpenFailure, message.disconnect],
    30_000,
  );
  return answer[0] === message.channelOpenConfirmation;
}

test('F05 a remote forward binds in the jail’s network only', async () => {
  const connection = await alice();
  const port = await remoteForward(connection, '0.0.0.0', 8022);
  assert.equal(port, 8022);
  assert.doesNotMatch(await mustRun('ss', ['-Hltn']), /:8022\b/);
  assert.match(await mustSsh(instance(), 'alice', 'cat /proc/net/tcp'), /:1F56 /);
  assert.equal(await remoteForward(connection, '0.0.0.0', 8022), undefined, 'taken');
  connection.destroy();
});

test('F06 remote forwards are counted and gone after the disconnect', async () => {
  const connection = await alice();
  let granted = 0;
  for (let n = 0; n < 300; n += 1) {
    granted += (await remoteForward(connection, '127.0.0.1', 0)) === undefined ? 0 : 1;
  }
  assert.ok(granted <= 64, `${granted} were granted`);
  connection.destroy();
  await until(
    'the ports are gone',
    10_000,
    async () => Number(await mustSsh(instance(), 'alice', 'grep -c " 0A " /proc/net/tcp || true')) === 0,
  );
});

test('F08 a stream-local bind over an existing file unlinks nothing', async () => {
  await mustSsh(instance(), 'alice', 'echo keep > /root/file; ln -sf /root/file /root/link');
  const connection = await alice();
  for (const target of ['/root/file', '/root/link', '/no/such/place', '']) {
    connection.send(payload(message.globalRequest, text('streamlocal-forward@openssh.com'), bool(true), text(target)));
    const answer = await connection.receiveOf([message.requestSuccess, message.requestFailure]);
    assert.equal(answer[0], message.requestFailure, target);
  }
  connection.destroy();
  assert.equal(await mustSsh(instance(), 'alice', 'cat /root/file /root/link'), 'keep\nkeep');
});

test('F09 impossible ports and names are refused', async () => {
  for (const [host, port] of [
    ['127.0.0.1', 0],
    ['127.0.0.1', 70_000],
    ['x'.repeat(64_000), 80],
    ['a\0b', 80],
    ['', 80],
    ['-x', 80],
  ] as const) {
    const connection = await alice();
    assert.equal(await directTcp(connection, host, port).catch(() => false), false, `${host.slice(0, 20)}:${port}`);
    connection.destroy();
  }
});

async function environmentWith(pairs: readonly (readonly [Buffer | string, Buffer | string])[]): Promise<string> {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  for (const [name, value] of pairs) {
    connection.send(
      payload(message.channelRequest, uint32(channel.remote), text('env'), bool(false), text(name), text(value)),
    );
  }
  await channel.exec('cat /proc/self/environ | tr "\\0" "\\n" | sort');
  await channel.drain();
  connection.destroy();
  return channel.output.toString();
}

test('F13 dangerous variables are dropped', async () => {
  const names = [
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'BASH_ENV',
    'ENV',
    'IFS',
    'NODE_OPTIONS',
    'GCONV_PATH',
    'LOCPATH',
    'TERMINFO',
    'PS4',
    'SHELLOPTS',
  ];
  const out = await environmentWith(
    [...names, 'PATH', 'HOME', 'SHELL', 'USER', 'LC_OK'].map((name) => [name, '/evil']),
  );
  assert.deepEqual(
    out.split('\n').filter((line) => line.includes('/evil')),
    ['LC_OK=/evil'],
  );
});

test('F14 names that are none and values with line ends write no line of their own', async () => {
  const out = await environmentWith([
    ['LC_A=LC_B', 'x'],
    ['LC_\0', 'x'],
    ['LC_\nEVIL', 'x'],
    ['--split-string', 'x'],
    ['', 'x'],
    ['LC_NUL', Buffer.from('a\0EVIL=b')],
    ['LC_LAST', 'fine'],
  ]);
  assert.doesNotMatch(out, /EVIL|split-string|LC_B/);
  assert.match(out, /^LC_LAST=fine$/m);
});

test('F15 variables are counted and their size is capped', async () => {
  const many = await environmentWith(Array.from({ length: 2_000 }, (_, n) => [`LC_${n}`, 'x'] as const));
  assert.ok(many.split('\n').length < 300, `${many.split('\n').length} variables passed`);
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  connection.send(
    payload(
      message.channelRequest,
      uint32(channel.remote),
      text('env'),
      bool(true),
      text('LC_BIG'),
      text(Buffer.alloc(200_000, 'x')),
    ),
  );
  assert.equal(await channel.answer().catch(() => false), false);
  connection.destroy();
});

test('F16 a variable after the program has started has no effect', async () => {
  const connection = await alice();
  const channel = await RawChannel.open(connection);
  await channel.exec('read -r line; env');
  connection.send(
    payload(message.channelRequest, uint32(channel.remote), text('env'), bool(false), text('LC_LATE'), text('late')),
  );
  channel.send(Buffer.from('go\n'));
  await channel.drain();
  assert.doesNotMatch(channel.output.toString(), /LC_LATE/);
  connection.destroy();
});

test('F17 shell characters of a command are the jail’s shell’s business only', async () => {
  const marker = `${instance().files.directory}/ran-outside`;
  const { out } = await ssh(
    instance(),
    'alice',
    `echo a; echo \`echo b\`; echo $(echo c)\necho d; touch ${marker}; ls ${marker} 2>&1`,
  );
  assert.match(out, /^a\nb\nc\nd\n/);
  const { code } = await ssh(instance(), 'bob', `test -e ${marker}`);
  assert.notEqual(code, 0);
  assert.doesNotMatch(await mustRun('ls', [instance().files.directory]), /ran-outside/);
});

test('F19 a tunnel device is refused', async () => {
  const connection = await alice();
  connection.send(
    payload(
      message.channelOpen,
      text('tun@openssh.com'),
      uint32(3),
      uint32(65_536),
      uint32(32_768),
      uint32(1),
      uint32(0x7fff_ffff),
    ),
  );
  const answer = await connection.receiveOf([message.channelOpenConfirmation, message.channelOpenFailure]);
  assert.equal(answer[0], message.channelOpenFailure);
  connection.destroy();
});

test('control: a forward to a service inside is opened', async () => {
  const connection = await alice();
  const port = await remoteForward(connection, '127.0.0.1', 0);
  assert.ok((port ?? 0) > 0);
  assert.equal(await directTcp(connection, '127.0.0.1', port ?? 0), true);
  connection.destroy();
});
