import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instance } from '../support/instance.js';
import { jailRow, killPart, partsOf } from '../support/instance-parts.js';
import { openMultiplexed } from '../support/multiplexed.js';
import { mustRun, type Running } from '../support/program.js';
import { mustSsh, ssh, startSsh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';
import { openTerminal } from '../support/terminal-client.js';
import { until } from '../support/until.js';

const instance = instanceForSuite('life', { jails: { linger_time: '3s' } }, async (made) => {
  await made.addAccount('alice');
  await made.addAccount('bob');
});

/** A session that answers each line with it. */
async function openEcho(made: Instance, user: string, flags: string[] = []): Promise<Running> {
  const running = startSsh(made, user, 'while read -r line; do echo "got $line"; done', {
    input: (stdin) => stdin.write('first\n'),
    flags,
    deadlineMs: 60_000,
  });
  running.ended.catch(() => undefined); // awaited by the tests that care
  await until('the session answers', 15_000, () => running.stdoutSoFar().includes('got first'));
  return running;
}

async function assertAnswers(running: Running, word: string): Promise<void> {
  running.child.stdin.write(`${word}\n`);
  await until(`the session answers ${word}`, 10_000, () => running.stdoutSoFar().includes(`got ${word}`));
}

async function assertLogsIn(user: string, deadlineMs = 5_000): Promise<void> {
  await until(`${user} logs in`, deadlineMs, async () => (await ssh(instance(), user, 'echo in')).out === 'in');
}

test('Z01 a live session outlasts a broker that is killed, and new logins work soon', async () => {
  const echo = await openEcho(instance(), 'alice');
  await killPart(instance(), 'broker');
  await assertAnswers(echo, 'without-broker');
  await assertLogsIn('alice');
  await assertAnswers(echo, 'with-new-broker');
  echo.child.stdin.end();
  assert.equal((await echo.ended).code, 0);
});

test('a live connection opens new sessions after the broker was killed', async () => {
  const connection = await openMultiplexed(instance(), 'alice');
  assert.equal((await connection.run('echo before')).out, 'before');
  await killPart(instance(), 'broker');
  const { out, err } = await connection.run('echo after');
  assert.equal(out, 'after', err);
  await connection.close();
});

test('a login while the broker is being restarted waits for it', async () => {
  await killPart(instance(), 'broker');
  const { out, err } = await ssh(instance(), 'alice', 'echo in');
  assert.equal(out, 'in', err);
});

test('Z02 a killed worker takes down only its own connections', async () => {
  const first = await openEcho(instance(), 'alice', ['-b', '127.0.0.2']);
  const workersOfFirst = new Set(partsOf(instance(), 'worker').map((row) => row.pid));
  const second = await openEcho(instance(), 'bob', ['-b', '127.0.0.3']);
  const before = await workerOfSecondAddress(workersOfFirst);
  process.kill(before, 'SIGKILL');
  await until('the connection of the killed worker ends', 10_000, () => first.child.exitCode !== null);
  await assertAnswers(second, 'still-here');
  await assertLogsIn('alice');
  second.child.stdin.end();
  await second.ended;
});

/** The worker that serves 127.0.0.2: the one that holds a TCP socket and was there before the second address came. */
async function workerOfSecondAddress(candidates: ReadonlySet<number>): Promise<number> {
  const port = instance().files.port;
  const lines = await mustRun('ss', ['-Htnp', 'state', 'established', `( sport = :${port} and dst 127.0.0.2 )`]);
  const pids = [...lines.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1])).filter((pid) => candidates.has(pid));
  assert.equal(pids.length, 1, lines);
  return pids[0] ?? 0;
}

test('a killed listener comes back on the same port and cuts no session', async () => {
  const echo = await openEcho(instance(), 'alice');
  await killPart(instance(), 'listener');
  await assertAnswers(echo, 'without-listener');
  await assertLogsIn('alice');
  echo.child.stdin.end();
  assert.equal((await echo.ended).code, 0);
});

test('a killed host keeper leaves sessions alone, and new logins work soon', async () => {
  const echo = await openEcho(instance(), 'alice');
  await killPart(instance(), 'host-keeper');
  await assertAnswers(echo, 'without-keeper');
  await assertLogsIn('bob', 10_000);
  await assertAnswers(echo, 'with-new-keeper');
  echo.child.stdin.end();
  assert.equal((await echo.ended).code, 0);
});

test('killing the init of a jail ends its sessions; the next login starts it again', async () => {
  const echo = await openEcho(instance(), 'alice');
  const { initPid } = await jailRow(instance(), 'alice');
  assert.ok(initPid !== null);
  process.kill(initPid, 'SIGKILL');
  await until('the session ends', 10_000, () => echo.child.exitCode !== null || echo.child.signalCode !== null);
  await assertLogsIn('alice', 10_000);
});

test('a killed jail keeper takes its jail with it and leaves nothing; the next login works', async () => {
  await mustSsh(instance(), 'alice', 'true');
  const before = partsOf(instance(), 'jail-keeper').map((row) => row.pid);
  assert.ok(before.length > 0);
  for (const pid of before) {
    process.kill(pid, 'SIGKILL');
  }
  await assertLogsIn('alice', 10_000);
  await assertLogsIn('bob', 10_000);
});

test('tmux keeps its session when the connection vanishes', async () => {
  const terminal = openTerminal(instance(), 'alice');
  terminal.type('tmux new -s work\r');
  await terminal.sees(/\[work\]/);
  terminal.type('echo kept-$((40+2)) > /root/from-tmux; export MARK=here\r');
  await until(
    'tmux has run it',
    10_000,
    async () => (await ssh(instance(), 'alice', 'cat /root/from-tmux')).out === 'kept-42',
  );
  terminal.vanish();
  await terminal.ends();
  const again = openTerminal(instance(), 'alice', { command: 'tmux attach -t work' });
  await again.sees(/\[work\]/);
  again.type('echo mark-$MARK\r');
  await again.sees(/mark-here/);
  again.type('exit\r');
  await again.ends();
});

test('what nohup started lives on after the logout and keeps the jail up', async () => {
  await mustSsh(instance(), 'bob', 'nohup sleep 4321 > /dev/null 2>&1 &');
  await until('the connection is gone', 5_000, async () => (await jailRow(instance(), 'bob')).sessions === 0);
  assert.match(await mustSsh(instance(), 'bob', 'pgrep -fx "sleep 4321"'), /^\d+$/);
  await mustSsh(instance(), 'bob', 'pkill -fx "sleep 4321"');
});

test('a jail that nothing holds stops after its linger time', async () => {
  await mustSsh(instance(), 'bob', 'pkill sleep; true');
  await until(
    'the jail of bob has stopped',
    15_000,
    async () => (await jailRow(instance(), 'bob')).state === 'stopped',
  );
});

for (const kind of ['with a terminal', 'without a terminal'] as const) {
  test(`a program ${kind} gets a hang-up when its client vanishes`, async () => {
    const trap =
      "trap '' PIPE; trap 'echo hup > /root/hup; exit' HUP; rm -f /root/hup; echo armed; while :; do sleep 0.05; done";
    if (kind === 'with a terminal') {
      const terminal = openTerminal(instance(), 'alice', { command: trap });
      await terminal.sees(/armed/);
      terminal.vanish();
      await terminal.ends();
    } else {
      const running = startSsh(instance(), 'alice', trap, { input: () => undefined });
      await until('the trap is armed', 10_000, () => running.stdoutSoFar().includes('armed'));
      running.child.kill('SIGKILL');
      await running.ended;
    }
    await until(
      'the program was told',
      10_000,
      async () => (await ssh(instance(), 'alice', 'cat /root/hup')).out === 'hup',
    );
  });
}

test('reboot inside restarts the jail', async () => {
  await mustSsh(instance(), 'alice', 'touch /run/before-reboot');
  await ssh(instance(), 'alice', "sync; python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x1234567)'");
  await until('the jail answers, newly started', 10_000, async () => {
    const { code } = await ssh(instance(), 'alice', 'test ! -e /run/before-reboot');
    return code === 0;
  });
});

test('Z13 a restart of the whole server leaves detached processes and the jail alone', async () => {
  instance().configure({ server: { stop_jails: 'no' }, jails: { linger_time: '3s' } });
  await instance().stop();
  await instance().start();
  await mustSsh(instance(), 'alice', 'nohup sleep 8765 > /dev/null 2>&1 &');
  const before = await mustSsh(instance(), 'alice', 'readlink /proc/self/ns/pid');
  await instance().stop();
  instance().configure({});
  await instance().start();
  assert.equal(
    await mustSsh(instance(), 'alice', 'readlink /proc/self/ns/pid; pgrep -fxc "sleep 8765"'),
    `${before}\n1`,
  );
});

test('jailctl stops, starts and restarts a jail', async () => {
  await instance().mustJailctl(['jail', 'stop', 'alice', '--yes']);
  assert.equal((await jailRow(instance(), 'alice')).state, 'stopped');
  await instance().mustJailctl(['jail', 'start', 'alice']);
  assert.equal((await jailRow(instance(), 'alice')).state, 'running');
  await instance().mustJailctl(['jail', 'restart', 'alice', '--yes']);
  assert.equal((await jailRow(instance(), 'alice')).state, 'running');
});
