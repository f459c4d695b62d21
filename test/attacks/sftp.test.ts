/**
 * SFTP and scp, group S: file transfer by a client that lies about lengths, names and links. The server side is OpenSSH's
 * sftp-server running inside the jail, behind our feeder: what it resolves, it resolves inside.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../support/program.js';
import { RawChannel } from '../support/raw-ssh/channel.js';
import { Reader, text, uint32 } from '../support/raw-ssh/wire.js';
import { mustSsh, ssh, sshSettings } from '../support/ssh-client.js';
import { attackSuite } from './attack-suite.js';

const { instance, alice } = attackSuite('sftp');

async function sftp(batch: readonly string[]): Promise<{ out: string; err: string; code: number | null }> {
  return runProgram(
    'sftp',
    ['-b', '-', ...sshSettings(instance()), '-P', String(instance().files.port), 'alice@127.0.0.1'],
    {
      input: `${batch.join('\n')}\n`,
    },
  );
}

async function openSftp(): Promise<RawChannel> {
  const channel = await RawChannel.open(await alice());
  channel.request('subsystem', text('sftp'));
  assert.equal(await channel.answer(), true);
  return channel;
}

function packet(type: number, ...parts: Buffer[]): Buffer {
  return text(Buffer.concat([Buffer.from([type]), ...parts]));
}

const init = packet(1, uint32(3));

/** The next SFTP packet of the server: type and the rest. */
async function answerOf(channel: RawChannel, seen: { bytes: number }): Promise<Reader> {
  for (;;) {
    const all = channel.output.subarray(seen.bytes);
    if (all.length >= 4 && all.length >= 4 + all.readUInt32BE()) {
      const length = 4 + all.readUInt32BE();
      seen.bytes += length;
      return new Reader(all.subarray(0, length), 4);
    }
    await channel.take(5_000);
  }
}

test('S02 links to /proc resolve inside only', async () => {
  await mustSsh(
    instance(),
    'alice',
    'ln -sf /proc/1/root/etc/hostname /root/l1; ln -sf /proc/self/cwd /root/l2; ln -sf /proc/self/fd/9 /root/l3',
  );
  const back = path.join(instance().files.directory, 'back');
  await sftp([`-get /root/l1 ${back}`, '-ls /root/l2', '-get /root/l3 /dev/null']);
  assert.equal(existsSync(back) ? readFileSync(back, 'utf8').trim() : 'alice', 'alice');
});

test('S03 swapping a directory for a link during an upload changes nothing outside', async () => {
  const marker = path.join(instance().files.directory, 'marker');
  writeFileSync(marker, 'intact');
  const swap = `cd /root; mkdir -p d; (for i in $(seq 1 3000); do mv d e; ln -s ${instance().files.directory} d; rm d; mv e d; done) > /dev/null 2>&1 &`;
  await mustSsh(instance(), 'alice', swap);
  const source = path.join(instance().files.directory, 'small');
  writeFileSync(source, 'x');
  await sftp(Array.from({ length: 500 }, (_, n) => `-put ${source} /root/d/file${n}`));
  assert.equal(readFileSync(marker, 'utf8'), 'intact');
  assert.deepEqual(
    readdirSync(instance().files.directory).filter((name) => /^file\d/.test(name)),
    [],
  );
});

for (const length of [0, 300_000, 2 ** 32 - 1]) {
  test(`S04 a packet that declares ${length} bytes ends the channel, not the worker`, async () => {
    const channel = await openSftp();
    channel.send(Buffer.concat([init, uint32(length), Buffer.alloc(100, 3)]));
    while (!channel.isClosed) {
      await channel.take(8_000);
    }
    assert.equal(channel.isClosed, true);
    channel.connection.destroy();
  });
}

test('S05 operations before INIT and unknown types are errors or the end', async () => {
  for (const bytes of [
    packet(16, uint32(1), text('/')),
    Buffer.concat([init, packet(250, uint32(7), text('x'))]),
    Buffer.concat([init, packet(3, uint32(9))]),
  ]) {
    const channel = await openSftp();
    channel.send(bytes);
    const outcome = await channel.take(4_000).catch(() => 'silence');
    assert.notEqual(outcome, undefined);
    channel.connection.destroy();
  }
});

test('S06 S07 foreign handles and absurd offsets give errors', async () => {
  const channel = await openSftp();
  const seen = { bytes: 0 };
  channel.send(init);
  (await answerOf(channel, seen)).byte();
  channel.send(packet(5, uint32(1), text('zzzz'), Buffer.alloc(8), uint32(0xffff_ffff)));
  const status = await answerOf(channel, seen);
  assert.equal(status.byte(), 101);
  channel.connection.destroy();
});

test('S09 set-id bits are inert outside and unmapped owners are refused', async () => {
  const source = path.join(instance().files.directory, 'small');
  writeFileSync(source, 'x');
  const { err } = await sftp([`put ${source} /root/setid`, 'chmod 4755 /root/setid', '-chown 70000 /root/setid']);
  assert.match(err, /setstat .*: (Bad message|Failure)/);
});

test('S11 error texts and resolved paths name nothing of the host', async () => {
  const { out, err } = await sftp(['pwd', '-cd /no/such', '-get /nothing', '-ls /proc/1/root', '-mkdir /proc/x']);
  assert.doesNotMatch(out + err, /\/var\/(tmp|lib)|upper|jaild/);
});

test('S13 a name with shell characters over the old scp protocol runs nothing outside', async () => {
  const planted = path.join(instance().files.directory, 'ran');
  const source = path.join(instance().files.directory, 'small');
  writeFileSync(source, 'x');
  await runProgram('scp', [
    '-O',
    ...sshSettings(instance()),
    '-P',
    String(instance().files.port),
    source,
    `alice@127.0.0.1:/root/x;touch ${planted}`,
  ]);
  assert.equal(existsSync(planted), false);
});

test('S14 odd names make the round trip', async () => {
  const channel = await openSftp();
  const seen = { bytes: 0 };
  channel.send(init);
  await answerOf(channel, seen);
  const name = Buffer.concat([Buffer.from('/root/odd-\n\x1b'), Buffer.from([0xff, 0xfe])]);
  channel.send(packet(3, uint32(1), text(name), uint32(0x1a), uint32(0)));
  assert.equal((await answerOf(channel, seen)).byte(), 102, 'a handle is given');
  const { stdout } = await ssh(instance(), 'alice', "ls -b /root | grep odd; printf '%s' /root/odd-* | od -An -tx1");
  assert.match(stdout.toString(), /0a 1b ff fe/);
  channel.connection.destroy();
});

test('S15 uploads that are cut half way leave nothing outside the jail', async () => {
  const before = readdirSync('/tmp').length;
  for (let n = 0; n < 20; n += 1) {
    const channel = await openSftp();
    channel.send(init);
    channel.send(packet(3, uint32(1), text(`/root/half${n}`), uint32(0x1a), uint32(0)));
    channel.send(Buffer.concat([uint32(30_000), Buffer.from([6]), uint32(2), Buffer.alloc(500)]));
    channel.connection.socket.resetAndDestroy();
  }
  assert.ok(readdirSync('/tmp').length <= before + 2);
});
