import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { askpassProgram, dropbearKey, puttySettings } from '../support/client-programs.js';
import { mustRun, runProgram } from '../support/program.js';
import { sha256, steadyBytes } from '../support/random-bytes.js';
import { mustSsh, ssh, sshCommandLine, sshSettings, startSsh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';
import { until } from '../support/until.js';

const password = 'correct horse battery';
const instance = instanceForSuite('clients', {}, (made) => made.addAccount('alice', { password }));
const megabyte = 1_000_000;

function scratch(name: string): string {
  return path.join(instance().files.directory, name);
}

function withPort(flag: '-P' | '-p'): string[] {
  return [...sshSettings(instance()), flag, String(instance().files.port)];
}

test('ssh with a password gets in, with a wrong one it does not', async () => {
  // the first value of an option wins in OpenSSH's client
  const flags = ['BatchMode=no', 'PubkeyAuthentication=no', 'NumberOfPasswordPrompts=1'].flatMap((each) => [
    '-o',
    each,
  ]);
  const login = (env: NodeJS.ProcessEnv) =>
    runProgram('ssh', [...flags, ...withPort('-p'), 'alice@127.0.0.1', 'id -u'], { env });
  const right = await login(askpassProgram(instance(), password));
  assert.equal(right.out, '0', right.err);
  const wrong = await login(askpassProgram(instance(), 'wrong'));
  assert.equal(wrong.code, 255);
});

test('100 MB go up and come down unchanged through pipes', async () => {
  const bytes = steadyBytes(100 * megabyte);
  await ssh(instance(), 'alice', 'cat > /root/big', { input: bytes, deadlineMs: 120_000 });
  assert.equal((await mustSsh(instance(), 'alice', 'sha256sum < /root/big')).split(' ')[0], sha256(bytes));
  const { stdout } = await ssh(instance(), 'alice', 'cat /root/big; rm /root/big', { deadlineMs: 120_000 });
  assert.equal(stdout.length, bytes.length);
  assert.equal(sha256(stdout), sha256(bytes));
});

test('bytes go both ways at the same time', async () => {
  const bytes = steadyBytes(20 * megabyte, 2);
  const { stdout } = await ssh(instance(), 'alice', 'cat', { input: bytes, deadlineMs: 60_000 });
  assert.equal(sha256(stdout), sha256(bytes));
});

for (const [name, flag] of [
  ['the sftp protocol', '-s'],
  ['the old protocol', '-O'],
] as const) {
  test(`scp with ${name} copies up and down`, async () => {
    const sent = scratch('scp-sent');
    writeFileSync(sent, steadyBytes(3 * megabyte, 3));
    await mustRun('scp', [flag, ...withPort('-P'), sent, 'alice@127.0.0.1:/root/scp-file']);
    await mustRun('scp', [flag, ...withPort('-P'), 'alice@127.0.0.1:/root/scp-file', scratch('scp-back')]);
    assert.ok(readFileSync(sent).equals(readFileSync(scratch('scp-back'))));
  });
}

test('sftp lists, copies, renames and removes', async () => {
  const sent = scratch('sftp-sent');
  writeFileSync(sent, steadyBytes(5 * megabyte, 4));
  const batch = [
    `put ${sent} /root/one`,
    'rename /root/one /root/two',
    'ls -l /root/two',
    `get /root/two ${scratch('sftp-back')}`,
    'mkdir /root/d',
    'rmdir /root/d',
    'rm /root/two',
    'df /',
  ];
  const out = await mustRun('sftp', ['-b', '-', ...withPort('-P'), 'alice@127.0.0.1'], {
    input: `${batch.join('\n')}\n`,
  });
  assert.match(out, /root\s+root\s+5000000/);
  assert.ok(readFileSync(sent).equals(readFileSync(scratch('sftp-back'))));
});

test('rsync copies a tree up, sees no difference, and copies it down', async () => {
  const tree = scratch('tree');
  for (let n = 0; n < 200; n += 1) {
    mkdirSync(path.join(tree, `d${n % 10}`), { recursive: true });
    writeFileSync(path.join(tree, `d${n % 10}`, `file ${n}`), steadyBytes(1000 + n, n));
  }
  const rsync = (...args: string[]) => mustRun('rsync', ['-a', '-e', sshCommandLine(instance()), ...args]);
  await rsync(`${tree}/`, 'alice@127.0.0.1:/root/tree/');
  assert.equal(
    await rsync('--itemize-changes', '--no-owner', '--no-group', `${tree}/`, 'alice@127.0.0.1:/root/tree/'),
    '',
  );
  await rsync('alice@127.0.0.1:/root/tree/', `${scratch('tree-back')}/`);
  await mustRun('diff', ['-r', tree, scratch('tree-back')]);
});

test('git pushes to a repository in the jail and clones it again', async () => {
  const work = scratch('git-work');
  const env = { ...process.env, GIT_SSH_COMMAND: sshCommandLine(instance()), GIT_CONFIG_GLOBAL: '/dev/null' };
  await mustSsh(instance(), 'alice', 'git init -q --bare /root/project.git');
  await mustRun('git', ['init', '-q', '-b', 'main', work]);
  writeFileSync(path.join(work, 'file'), 'content\n');
  await mustRun('git', ['-C', work, 'add', 'file']);
  await mustRun('git', [
    '-C',
    work,
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.org',
    'commit',
    '-q',
    '-m',
    'first',
  ]);
  await mustRun('git', ['-C', work, 'push', '-q', 'ssh://alice@127.0.0.1/root/project.git', 'main'], { env });
  await mustRun('git', ['clone', '-q', '-b', 'main', 'ssh://alice@127.0.0.1/root/project.git', scratch('git-back')], {
    env,
  });
  assert.equal(readFileSync(scratch('git-back/file'), 'utf8'), 'content\n');
});

test('plink runs a command and psftp copies a file', async () => {
  const settings = await puttySettings(instance());
  const plink = await runProgram('plink', ['-ssh', ...settings, 'alice@127.0.0.1', 'echo plink; exit 7']);
  assert.equal(plink.out, 'plink', plink.err);
  assert.equal(plink.code, 7);
  const sent = scratch('psftp-sent');
  writeFileSync(sent, steadyBytes(2 * megabyte, 5));
  const batch = `put ${sent} /root/psftp\nget /root/psftp ${scratch('psftp-back')}\nquit\n`;
  await mustRun('psftp', [...settings, 'alice@127.0.0.1'], { input: batch });
  assert.ok(readFileSync(sent).equals(readFileSync(scratch('psftp-back'))));
});

test('psftp uploads 64 MB in seconds, not minutes', async () => {
  const settings = await puttySettings(instance());
  const sent = scratch('psftp-large');
  writeFileSync(sent, steadyBytes(64 * megabyte, 6));
  await mustRun('psftp', [...settings, 'alice@127.0.0.1'], {
    input: `put ${sent} /root/psftp-large\nquit\n`,
    deadlineMs: 20_000,
  });
  const sum = (await mustSsh(instance(), 'alice', 'sha256sum < /root/psftp-large; rm /root/psftp-large')).split(' ')[0];
  assert.equal(sum, sha256(readFileSync(sent)));
});

test('dbclient runs a command', async () => {
  const key = await dropbearKey(instance());
  const { out, code, err } = await runProgram(
    'dbclient',
    ['-y', '-y', '-T', '-i', key, '-p', String(instance().files.port), 'alice@127.0.0.1', 'echo dropbear; exit 9'],
    { env: { ...process.env, HOME: instance().files.directory } },
  );
  assert.equal(out, 'dropbear', err);
  assert.equal(code, 9);
});

test('a copy with re-keys every 64 KB is unchanged', async () => {
  const bytes = steadyBytes(20 * megabyte, 7);
  const { stdout } = await ssh(instance(), 'alice', 'cat', {
    input: bytes,
    flags: ['-o', 'RekeyLimit=64K'],
    deadlineMs: 120_000,
  });
  assert.equal(sha256(stdout), sha256(bytes));
});

test('local forwarding reaches a service inside the jail, and nothing of the host', async () => {
  const service =
    'exec python3 -c \'import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8000, bind="127.0.0.1")\'';
  const running = startSsh(instance(), 'alice', `cd /etc; ${service}`, { deadlineMs: 60_000 });
  try {
    const page = await until('the service answers', 15_000, async () => {
      const { stdout } = await ssh(instance(), 'alice', undefined, {
        flags: ['-W', '127.0.0.1:8000'],
        input: 'GET /hostname HTTP/1.0\r\n\r\n',
      });
      return stdout.includes('200 OK') ? stdout.toString() : undefined;
    });
    assert.match(page, /\r\n\r\nalice\n/);
  } finally {
    running.child.kill();
    await running.ended.catch(() => undefined);
  }
});
