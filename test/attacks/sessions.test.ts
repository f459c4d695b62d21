/**
 * Sessions, group C: what runs inside and how it ends. Statuses must be exact, signals must reach only the session's own
 * group, what a client leaves behind must end, and nothing that the server offers by mistake may be reachable.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawChannel } from '../support/raw-ssh/channel.js';
import { RawConnection } from '../support/raw-ssh/connection.js';
import { exchangeKeys } from '../support/raw-ssh/key-exchange.js';
import { publickeyRequest, requestUserauth, userauthAnswer } from '../support/raw-ssh/login.js';
import { bool, message, payload, text, uint32 } from '../support/raw-ssh/wire.js';
import { mustSsh, ssh, startSsh } from '../support/ssh-client.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance, port, alice, key } = attackSuite('sessions', {
  session: { idle_time: '0', keepalive: '1s', keepalive_count: '2' },
});

async function withChannel(work: (channel: RawChannel) => Promise<void>): Promise<void> {
  const connection = await alice();
  try {
    await work(await RawChannel.open(connection));
  } finally {
    connection.destroy();
  }
}

const standard = ['ABRT', 'ALRM', 'FPE', 'HUP', 'ILL', 'INT', 'KILL', 'PIPE', 'QUIT', 'SEGV', 'TERM', 'USR1', 'USR2'];

test('C21 death by each signal is told by its name, others as a status', async () => {
  for (const signal of [...standard, 'BUS', 'XCPU', 'SYS']) {
    await withChannel(async (channel) => {
      await channel.exec(`ulimit -c 0; exec dash -c 'kill -${signal} $$; sleep 5'`); // bash ignores QUIT
      const end = await channel.drain();
      if (standard.includes(signal)) {
        assert.equal(end.signal, signal);
      } else {
        assert.ok(end.signal !== undefined || (end.status ?? 0) > 128, `${signal}: ${JSON.stringify(end)}`);
      }
      assert.equal(end.sawEof, true, 'the end of the output is told before the end of the program');
    });
  }
});

function sendSignal(channel: RawChannel, name: string): void {
  channel.connection.send(
    payload(message.channelRequest, uint32(channel.remote), text('signal'), bool(false), text(name)),
  );
}

test('C15 only real signals pass, and only to the session’s own group', async () => {
  await mustSsh(instance(), 'alice', 'nohup sleep 3210 > /dev/null 2>&1 &');
  await withChannel(async (channel) => {
    await channel.exec('trap "echo caught; exit 9" TERM; echo armed; while :; do sleep 0.05; done');
    await until('armed', 5_000, async () => (await channel.take()) !== 0 && channel.output.includes('armed'));
    for (const name of ['', '9', '15', 'SIGTERM', 'NOPE', 'term', '../x', 'TERM\0']) {
      sendSignal(channel, name);
    }
    sendSignal(channel, 'TERM');
    assert.equal((await channel.drain()).status, 9);
    assert.match(channel.output.toString(), /^armed\ncaught\n$/);
  });
  assert.match(await mustSsh(instance(), 'alice', 'pgrep -fx "sleep 3210" && pkill -fx "sleep 3210"'), /\d+/);
});

test('C17 commands are passed byte by byte up to a limit', async () => {
  await withChannel(async (channel) => {
    await channel.exec(
      Buffer.concat([Buffer.from("printf '%s' '"), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from("'")]),
    );
    await channel.drain();
    assert.deepEqual(channel.output, Buffer.from([0xff, 0xfe, 0x80]));
  });
  await withChannel(async (channel) => {
    await channel.exec(`printf '%s' ${'x'.repeat(60_000)} | wc -c`);
    await channel.drain();
    assert.equal(channel.output.toString().trim(), '60000');
  });
  for (const command of [Buffer.from('echo a\0b'), Buffer.alloc(1_000_000, 'x')]) {
    const connection = await alice();
    const channel = await RawChannel.open(connection);
    channel.request('exec', text(command));
    const refused = await channel.answer(5_000).catch(() => false);
    assert.equal(refused, false);
    connection.destroy();
  }
});

test('C20 a client that is killed loses its session and its terminal by the keep-alive deadline', async () => {
  const running = startSsh(instance(), 'alice', 'echo started; exec sleep 7654', {
    flags: ['-tt'],
    input: () => undefined,
  });
  await until('it runs', 10_000, () => running.stdoutSoFar().includes('started'));
  running.child.kill('SIGSTOP'); // frozen: the connection stays open and says nothing
  await until(
    'the program has ended',
    15_000,
    async () => (await ssh(instance(), 'alice', 'pgrep -fx "sleep 7654"')).code === 1,
  );
  running.child.kill('SIGKILL');
  await running.ended;
});

test('C22 broken pipes and early ends lose no line and hang nowhere', async () => {
  const counted = await Promise.all(
    Array.from({ length: 4 }, () => mustSsh(instance(), 'alice', 'yes | head -2000 | wc -l')),
  );
  assert.deepEqual(counted, ['2000', '2000', '2000', '2000']);
  const { stdout } = await ssh(instance(), 'alice', 'yes | head -2000');
  assert.equal(stdout.toString(), 'y\n'.repeat(2000));
});

test('C23 after no-more-sessions there is no further session', async () => {
  const connection = await alice();
  const first = await RawChannel.open(connection);
  connection.send(payload(message.globalRequest, text('no-more-sessions@openssh.com'), bool(false)));
  await assert.rejects(RawChannel.open(connection, { local: 5 }), /refused|closed/);
  if (!connection.isOver) {
    await first.exec('echo first');
  }
  connection.destroy();
});

test('C25 unknown subsystems are refused', async () => {
  for (const name of ['no-such', 'sftp ', 'sftp\0', '../sftp', 'SFTP', '']) {
    await withChannel(async (channel) => {
      channel.request('subsystem', text(name));
      assert.equal(await channel.answer(), false, JSON.stringify(name));
    });
  }
});

test('C27 X11 is refused and makes no socket', async () => {
  await withChannel(async (channel) => {
    channel.request('x11-req', bool(false), text('MIT-MAGIC-COOKIE-1'), text('00112233'), uint32(0));
    assert.equal(await channel.answer(), false);
    await channel.exec('ls /tmp/.X11-unix 2>&1; echo "display=$DISPLAY"');
    await channel.drain();
    assert.match(channel.output.toString(), /display=\n$/);
  });
});

test('C28 a version line of an ancient product weakens nothing', async () => {
  for (const version of [
    'SSH-2.0-OpenSSH_2.3.0',
    'SSH-2.0-dropbear_0.46',
    'SSH-2.0-Cisco-1.25',
    'SSH-2.0-libssh-0.1',
    'SSH-2.0-1.2.22',
  ]) {
    const connection = await RawConnection.open({ port: port(), version });
    await exchangeKeys(connection);
    await requestUserauth(connection);
    connection.send(publickeyRequest(connection, 'alice', key(), { signature: Buffer.alloc(64) }));
    assert.notEqual(await userauthAnswer(connection), 'success', version);
    connection.destroy();
  }
});
