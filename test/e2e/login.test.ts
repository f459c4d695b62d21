import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMultiplexed } from '../support/multiplexed.js';
import { runProgram } from '../support/program.js';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';

const instance = instanceForSuite('login', {}, async (made) => {
  await made.addAccount('alice');
  await made.addAccount('bob');
});

test('a key login is root in a jail of its own', async () => {
  const [id, name] = (await mustSsh(instance(), 'alice', 'id; hostname')).split('\n');
  assert.match(id ?? '', /^uid=0\(root\) gid=0\(root\) groups=0\(root\)/);
  assert.equal(name, 'alice');
});

test('root inside is an ordinary high id outside', async () => {
  const map = (await mustSsh(instance(), 'alice', 'cat /proc/self/uid_map')).trim().split(/\s+/).map(Number);
  assert.equal(map[0], 0);
  assert.ok((map[1] ?? 0) >= 100_000, `outside id ${map[1]}`);
  assert.equal(map[2], 65_536);
});

test('two accounts have different jails', async () => {
  await mustSsh(instance(), 'alice', 'echo secret > /only-alice');
  const { code } = await ssh(instance(), 'bob', 'cat /only-alice');
  assert.equal(code, 1);
});

test('two connections of one account share the jail', async () => {
  const [first, second] = await Promise.all([
    mustSsh(instance(), 'alice', 'readlink /proc/self/ns/pid; sleep 1'),
    mustSsh(instance(), 'alice', 'readlink /proc/self/ns/pid; sleep 1'),
  ]);
  assert.equal(first, second);
});

test('exit statuses 0 to 255 arrive as they are', async () => {
  const connection = await openMultiplexed(instance(), 'alice');
  try {
    for (let status = 0; status < 256; status += 1) {
      const { code } = await connection.run(`exit ${status}`);
      assert.equal(code, status);
    }
  } finally {
    await connection.close();
  }
});

test('a command killed by a signal does not look like success', async () => {
  for (const signal of ['KILL', 'TERM', 'SEGV']) {
    const { code } = await ssh(instance(), 'alice', `kill -${signal} $$`);
    assert.equal(code, 255, signal);
  }
  const { code } = await ssh(instance(), 'alice', 'kill -XCPU $$');
  assert.equal(code, 128 + 24, 'a signal that the protocol has no name for');
});

test('stdout and stderr stay apart', async () => {
  const { out, err } = await ssh(instance(), 'alice', 'echo to-out; echo to-err >&2');
  assert.equal(out, 'to-out');
  assert.equal(err, 'to-err');
});

test('the end of stdin reaches the program while output still flows', async () => {
  const { out } = await ssh(instance(), 'alice', 'sort; echo after-end', { input: 'b\na\n' });
  assert.equal(out, 'a\nb\nafter-end');
});

test('stdio are real pipes that can be opened by name', async () => {
  const { out, err, code } = await ssh(
    instance(),
    'alice',
    'echo o > /dev/stdout; echo e > /dev/stderr; cat /dev/stdin',
    {
      input: 'i\n',
    },
  );
  assert.equal(code, 0, err);
  assert.equal(out, 'o\ni');
  assert.equal(err, 'e');
});

test('environment variables pass only when they are on the list', async () => {
  const flags = ['-o', 'SetEnv=LC_TEST=kept LD_PRELOAD=/x.so BASH_ENV=/x PATH=/x MINE=1'];
  const out = await mustSsh(instance(), 'alice', 'env', { flags });
  assert.match(out, /^LC_TEST=kept$/m);
  assert.doesNotMatch(out, /^(LD_PRELOAD|BASH_ENV|MINE)=/m);
  assert.doesNotMatch(out, /^PATH=\/x$/m);
});

test('the session has the usual variables of a login', async () => {
  const out = await mustSsh(instance(), 'alice', 'env');
  for (const line of [
    /^HOME=\/root$/m,
    /^USER=root$/m,
    /^LOGNAME=root$/m,
    /^SHELL=\/bin\/bash$/m,
    /^SSH_CONNECTION=127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+$/m,
  ]) {
    assert.match(out, line);
  }
});

test('an unknown account and a wrong key are refused alike', async () => {
  const wrongKey = `${instance().files.directory}/wrong-key`;
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrongKey]);
  const unknown = await ssh(instance(), 'nobody-here', 'true');
  const wrong = await ssh(instance(), 'alice', 'true', { key: wrongKey });
  assert.equal(unknown.code, 255);
  assert.equal(wrong.code, 255);
  assert.equal(unknown.err.replace('nobody-here', 'X'), wrong.err.replace('alice', 'X'));
});

test('a locked account is refused and an unlocked one gets in again', async () => {
  await instance().mustJailctl(['account', 'lock', 'bob']);
  assert.equal((await ssh(instance(), 'bob', 'true')).code, 255);
  await instance().mustJailctl(['account', 'unlock', 'bob']);
  assert.equal((await ssh(instance(), 'bob', 'true')).code, 0);
});

test('an account with several jails picks one by name', async () => {
  await instance().mustJailctl(['jail', 'create', 'alice+web']);
  await mustSsh(instance(), 'alice+web', 'touch /in-web');
  assert.equal(await mustSsh(instance(), 'alice+web', 'ls /in-web'), '/in-web');
  assert.notEqual((await ssh(instance(), 'alice', 'ls /in-web')).code, 0);
});

test('a missing program ends with status 127', async () => {
  const { code, err } = await ssh(instance(), 'alice', 'no-such-program');
  assert.equal(code, 127);
  assert.match(err, /not found/);
});
