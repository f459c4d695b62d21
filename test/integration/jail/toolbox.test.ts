import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildToolbox } from '../../../src/jail/toolbox.js';

/** Where the keeper mounts the toolbox in a jail. */
const inside = '/dev/.toolbox';

const directory = mkdtempSync('/var/tmp/jaild-toolbox-');
const toolbox = join(directory, 'toolbox');
const root = join(directory, 'root');
after(() => rmSync(directory, { recursive: true }));

function packet(...parts: readonly (number | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)));
  return Buffer.concat([uint32(body.length), body]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** What sftp-server answers to INIT, OPENDIR of the root and READDIR of its first handle, as text. */
async function listRoot(uid: number): Promise<string> {
  const loader = [`${inside}/ld.so`, '--inhibit-cache', '--library-path', `${inside}/lib`];
  const program = ['--preload', `${inside}/toolbox-passwd.so`, '--argv0', 'sftp-server', `${inside}/sftp-server`];
  // The plus signs keep chroot from looking the ids up in the root's own passwd.
  const user = [`--userspec=+${uid}:+${uid}`, '--groups='];
  const child = spawn('/usr/sbin/chroot', [...user, root, ...loader, ...program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {},
  });
  const firstHandle = text('\0\0\0\0');
  child.stdin.write(
    Buffer.concat([packet(1, uint32(3)), packet(11, uint32(1), text('/')), packet(12, uint32(2), firstHandle)]),
  );
  let output = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    output = Buffer.concat([output, chunk as Buffer]);
    if (countPackets(output) === 3) child.stdin.end();
  }
  return output.toString('latin1');
}

function countPackets(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at + 4 <= bytes.length; ) {
    at += 4 + bytes.readUInt32BE(at);
    if (at <= bytes.length) count += 1;
  }
  return count;
}

describe('toolbox', () => {
  before(async () => {
    assert.equal(await buildToolbox(toolbox), true);
    mkdirSync(join(root, 'dev'), { recursive: true });
    cpSync(toolbox, join(root, inside), { recursive: true });
    execFileSync('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3']);
  });

  test('holds what the keeper runs, readable by every user', () => {
    assert.deepEqual(readdirSync(toolbox).sort(), ['ld.so', 'lib', 'sftp-server', 'toolbox-passwd.so']);
    assert.ok(readdirSync(join(toolbox, 'lib')).includes('libc.so.6'));
    for (const name of ['ld.so', 'sftp-server', 'lib', 'lib/libc.so.6']) {
      assert.equal(statSync(join(toolbox, name)).mode & 0o777, 0o755, name);
    }
  });

  test('stays as it is while its sources do, and follows them when they change', async () => {
    assert.equal(await buildToolbox(toolbox), false);
    utimesSync(join(toolbox, 'sftp-server'), 1, 1);
    writeFileSync(join(toolbox, 'lib/libold.so'), '');
    assert.equal(await buildToolbox(toolbox), true);
    assert.equal(await buildToolbox(toolbox), false);
    assert.ok(!readdirSync(join(toolbox, 'lib')).includes('libold.so'));
  });

  test('runs sftp-server in a root that holds nothing else', async () => {
    const output = await listRoot(0);
    assert.match(output, /posix-rename@openssh\.com/);
    assert.match(output, /root\s+0\s.*dev/);
  });

  test('names users by the passwd and group of the jail', async () => {
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), 'broken\nroot:x:0:0::/root:/bin/sh\nboss:x:1000:1000::/:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\ncrew:x:1000:\n');
    writeFileSync(join(root, 'file'), '');
    execFileSync('chown', ['1000:1000', join(root, 'file')]);
    assert.match(await listRoot(1000), /boss\s+crew\s.*file/);
  });

  test('answers for its own uid, and hangs on no FIFO, when passwd is hostile', async () => {
    rmSync(join(root, 'etc/passwd'));
    execFileSync('mkfifo', [join(root, 'etc/passwd')]);
    assert.match(await listRoot(1000), /user\s+crew\s.*file/);
    assert.match(await listRoot(0), /root\s+root\s.*etc/);
  });

  test('says what is missing on a host without sftp-server', async () => {
    const sources = { sftpServerPath: join(directory, 'none') };
    await assert.rejects(buildToolbox(join(directory, 'other'), sources), /none/);
    writeFileSync(join(directory, 'script'), '#!/bin/sh\n');
    await assert.rejects(buildToolbox(join(directory, 'other'), { sftpServerPath: join(directory, 'script') }), {
      code: 'toolbox-missing',
    });
  });
});
