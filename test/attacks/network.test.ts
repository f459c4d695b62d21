/**
 * Network and IPC, group N: what a jail reaches beyond itself. Stand-ins for the metadata service are addresses on links
 * that the test makes; nothing leaves this machine.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { jailRow } from '../support/instance-parts.js';
import { mustRun, runProgram, startProgram } from '../support/program.js';
import { mustSsh, ssh, startSsh } from '../support/ssh-client.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance } = attackSuite('network', {}, async (made) => {
  await ssh(made, 'alice', 'true');
});

/** A program for inside: connects and says what came of it. */
function connectTo(host: string, port: number): string {
  return `python3 -c 'import socket,sys
s=socket.socket(socket.AF_INET6 if ":" in "${host}" else socket.AF_INET); s.settimeout(2)
try: s.connect(("${host}",${port})); print("connected", s.recv(20).decode())
except Exception as e: print("refused", e)'`;
}

async function listenOn(host: string): Promise<{ port: number; close: () => void }> {
  const server = createServer((socket) => socket.end('reached'));
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => server.close() };
}

async function assertOutOfReach(host: string, port: number): Promise<void> {
  const out = await mustSsh(instance(), 'alice', connectTo(host, port));
  assert.match(out, /^refused/, `${host}:${port} ${out}`);
}

test('every address of the host refuses a jail', async () => {
  const addresses = [...(await mustRun('ip', ['-o', '-4', 'addr', 'show'])).matchAll(/inet ([0-9.]+)/g)].map(
    (match) => match[1] ?? '',
  );
  const service = await listenOn('0.0.0.0');
  try {
    for (const host of new Set(addresses)) {
      const out = await mustSsh(instance(), 'alice', connectTo(host, service.port));
      assert.match(out, /^refused/, `${host}: ${out}`);
    }
  } finally {
    service.close();
  }
});

test('N02 abstract sockets of the host are not visible', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen('\0jaild-test-abstract', resolve));
  try {
    assert.doesNotMatch(await mustSsh(instance(), 'alice', 'cat /proc/net/unix'), /jaild-test-abstract/);
  } finally {
    server.close();
  }
});

test('N03 link-local and metadata addresses are dropped', async () => {
  const link = `jdtest${instance().slot.number}`;
  const stand = '169.254.169.254';
  await mustRun('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', `${link}p`]);
  try {
    await mustRun('ip', ['addr', 'add', `${stand}/32`, 'dev', link]);
    await mustRun('ip', ['link', 'set', link, 'up']);
    const service = await listenOn(stand);
    const control = await runProgram('sh', ['-c', connectTo(stand, service.port)]);
    assert.match(control.out, /connected reached/, 'control: the host itself reaches it');
    await assertOutOfReach(stand, service.port);
    await assertOutOfReach('169.254.1.1', 80);
    service.close();
  } finally {
    await mustRun('ip', ['link', 'delete', link]);
  }
});

const serve = `python3 -c 'import socket
s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 8123)); s.listen(); print("listening", flush=True)
while True: c,_=s.accept(); c.send(b"reached"); c.close()'`;

test('N05 N07 a service inside is reached from inside only: not by another jail, not through the host', async () => {
  const service = startSsh(instance(), 'alice', serve, { input: () => undefined, deadlineMs: 60_000 });
  await until('it listens', 10_000, () => service.stdoutSoFar().includes('listening'));
  const { address } = await jailRow(instance(), 'alice');
  assert.match(await mustSsh(instance(), 'alice', connectTo('127.0.0.1', 8123)), /connected reached/, 'control');
  assert.match(await mustSsh(instance(), 'bob', connectTo(address, 8123)), /^refused/);
  assert.match(await mustSsh(instance(), 'bob', connectTo('127.0.0.1', 8123)), /^refused/);
  service.child.kill('SIGKILL');
  await service.ended;
  await ssh(instance(), 'alice', 'pkill python3');
});

test('N06 a packet with another jail’s address as its source is dropped', async () => {
  const { address } = await jailRow(instance(), 'bob');
  const out = await mustSsh(
    instance(),
    'alice',
    `ip addr add ${address}/32 dev lo; python3 -c 'import socket
s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("${address}",0)); s.sendto(b"x",("192.0.2.1",9)); print("sent")'; ip addr del ${address}/32 dev lo`,
  );
  assert.match(out, /sent/);
  const filters = await mustRun('sh', ['-c', 'cat /proc/sys/net/ipv4/conf/jd*/rp_filter | sort -u']);
  assert.equal(filters, '1', 'strict reverse path on every link of ours');
});

/** Answers each connection with the uid of its peer. */
const peerService = `
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); s.listen()
print("listening", flush=True)
while True:
    c, _ = s.accept()
    c.send(str(struct.unpack("iII", c.getsockopt(socket.SOL_SOCKET, 17, 12))[1]).encode()); c.close()
`;

test('N08 audit and the host’s kernel events are out of reach', async () => {
  const out = await mustSsh(
    instance(),
    'alice',
    `python3 -c 'import socket
s=socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
s.bind((0,1)); print("audit multicast joined")' 2>&1 || true`,
  );
  assert.doesNotMatch(out, /joined/);
});

test('N09 System V and POSIX queues of the host are not there', async () => {
  const made = await mustRun('ipcmk', ['-M', '4096']);
  const id = /\d+/.exec(made)?.[0] ?? '';
  try {
    assert.doesNotMatch(await mustSsh(instance(), 'alice', 'ipcs -m; ls /dev/mqueue'), new RegExp(`\\b${id}\\b.*4096`));
  } finally {
    await mustRun('ipcrm', ['-m', id]);
  }
});

test('N10 kill -9 -1 reaches own processes only', async () => {
  const before = await mustSsh(instance(), 'bob', 'readlink /proc/self/ns/pid');
  await ssh(instance(), 'alice', 'kill -9 -1');
  assert.equal(await mustSsh(instance(), 'bob', 'readlink /proc/self/ns/pid'), before);
  assert.equal(await mustSsh(instance(), 'alice', 'echo back'), 'back');
});

test('N11 host and domain name are the jail’s own', async () => {
  const before = await mustRun('uname', ['-n']);
  await mustSsh(instance(), 'alice', 'hostname changed; domainname changed 2>/dev/null || true');
  assert.equal(await mustRun('uname', ['-n']), before);
  assert.notEqual(await mustSsh(instance(), 'bob', 'hostname'), 'changed');
});

test('N12 a host service that looks at the peer of a jail’s connection sees the mapped uid', async () => {
  const shared = path.join(instance().files.directory, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o755);
  const service = startProgram('python3', ['-c', peerService, path.join(shared, 'service')]);
  await until('the service listens', 10_000, () => service.stdoutSoFar().includes('listening'));
  await instance().addAccount('sharer', { args: ['--volume', `rw:${shared}:/mnt`] });
  const out = await mustSsh(
    instance(),
    'sharer',
    `python3 -c 'import socket
s=socket.socket(socket.AF_UNIX); s.connect("/mnt/service"); print(s.recv(50).decode())'`,
  );
  assert.ok(Number(out) >= 100_000, `the service saw uid ${out}`);
  service.child.kill();
  await service.ended;
});

test('N13 sockets of the host’s services are absent', async () => {
  const out = await mustSsh(instance(), 'alice', 'find /run /var/run/ /tmp -type s 2>/dev/null | head; true');
  assert.equal(out, '');
});

test('F02 F03 forwarding to the host’s own loopback and to link-local addresses does not reach the host', async () => {
  const service = await listenOn('127.0.0.1');
  try {
    for (const host of [
      '127.0.0.1',
      'localhost',
      '127.1',
      '0',
      '2130706433',
      '0x7f.1',
      '::ffff:127.0.0.1',
      '169.254.169.254',
      '[fe80::1]',
    ]) {
      const { out } = await ssh(instance(), 'alice', undefined, {
        flags: ['-W', `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${service.port}`],
        input: '',
      });
      assert.doesNotMatch(out, /reached/, host);
    }
  } finally {
    service.close();
  }
});

test('F07 a stream-local forward finds only sockets of the jail', async () => {
  for (const name of ['run/admin.sock', 'run/listener.sock', 'run/keeper.sock']) {
    const socket = path.join(instance().files.directory, name);
    const local = path.join(instance().files.directory, 'forwarded.sock');
    const forward = startSsh(instance(), 'alice', undefined, {
      flags: ['-N', '-o', 'StreamLocalBindUnlink=yes', '-L', `${local}:${socket}`],
      input: () => undefined,
    });
    await until('the local end is there', 10_000, async () => (await runProgram('test', ['-S', local])).code === 0);
    const { out } = await runProgram('python3', [
      '-c',
      `import socket;s=socket.socket(socket.AF_UNIX);s.settimeout(3);s.connect("${local}");print(len(s.recv(10)))`,
    ]);
    assert.match(out, /^0?$/, `${socket} answered ${out}`);
    forward.child.kill();
    await forward.ended;
  }
});
