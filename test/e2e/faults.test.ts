import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun, type Outcome, runProgram } from '../support/program.js';
import { ssh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';

const instance = instanceForSuite('faults', {}, (made) => made.addAccount('alice'));

/** `jaild serve` with this configuration file; it is expected to refuse. */
function serve(config: string, uid?: number): Promise<Outcome> {
  return runProgram(path.join(instance().files.app, 'bin/jaild'), ['serve', '--config', config], {
    cwd: '/',
    deadlineMs: 15_000,
    ...(uid === undefined ? {} : { uid }),
  });
}

/** The instance's configuration with lines added or text replaced, as another file. */
function otherConfig(name: string, change: (text: string) => string): string {
  const file = path.join(instance().files.directory, `${name}.ini`);
  writeFileSync(file, change(readFileSync(instance().files.config, 'utf8')));
  return file;
}

async function assertServes(): Promise<void> {
  const { out, err } = await ssh(instance(), 'alice', 'echo in');
  assert.equal(out, 'in', err);
}

test('a broken configuration is refused with its line', async () => {
  const config = otherConfig('broken', (text) => `${text}\n[unclosed\nlisten\n`);
  const { code, err } = await serve(config);
  assert.equal(code, 2, err);
  assert.match(err, /broken\.ini:\d+/);
});

test('an unknown key is refused with its line and the nearest name', async () => {
  const config = otherConfig('unknown', (text) => text.replace('[listener]', '[listener]\ngrace_tyme = 3s'));
  const { code, err } = await serve(config);
  assert.equal(code, 2, err);
  assert.match(err, /unknown\.ini:\d+/);
  assert.match(err, /grace_tyme/);
  assert.match(err, /grace_time/);
});

test('a value of the wrong kind is refused with its line', async () => {
  const config = otherConfig('wrong', (text) => text.replace('[listener]', '[listener]\nmax_startups = many'));
  const { code, err } = await serve(config);
  assert.equal(code, 2, err);
  assert.match(err, /wrong\.ini:\d+[\s\S]*max_startups/);
});

test('a missing configuration file is named', async () => {
  const { code, err } = await serve('/nowhere/jaild.ini');
  assert.equal(code, 3, err);
  assert.match(err, /\/nowhere\/jaild\.ini/);
});

test('Z17 a second server on the same state is refused and the first goes on', async () => {
  const { code, err } = await serve(instance().files.config);
  assert.equal(code, 5, err);
  await assertServes();
});

test('a taken port is named', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const directory = path.join(instance().files.directory, 'second');
  mkdirSync(directory, { mode: 0o755 });
  const config = otherConfig('taken', (text) =>
    text
      .replace(/^listen = .*$/m, `listen = 127.0.0.1:${port}`)
      .replace(/^instance_dir = .*$/m, `instance_dir = ${directory}`),
  );
  try {
    await mustRun(path.join(instance().files.app, 'bin/jailctl'), ['--config', config, 'init', '--yes'], { cwd: '/' });
    const { code, err } = await serve(config);
    assert.notEqual(code, 0);
    assert.match(err, new RegExp(String(port)));
  } finally {
    blocker.close();
  }
});

test('a server started without root says so', async () => {
  const { code, err } = await serve(instance().files.config, 65_534);
  assert.equal(code, 4, err);
  assert.match(err, /root/);
});

test('an unknown account, jail, template and session are "not found"', async () => {
  for (const args of [
    ['account', 'show', 'nobody-here'],
    ['jail', 'show', 'nobody-here'],
    ['template', 'show', 'nothing'],
    ['jail', 'start', 'nobody-here'],
  ]) {
    const { code, err } = await instance().jailctl(args);
    assert.equal(code, 3, `${args.join(' ')}: ${err}`);
    assert.match(err, /nobody-here|nothing/);
  }
});

test('an account that exists is a conflict', async () => {
  const { code } = await instance().jailctl(['account', 'add', 'alice', '--key', `${instance().keyFile}.pub`]);
  assert.equal(code, 5);
});

test('a wrong command line is a usage error that names the way out', async () => {
  for (const args of [
    ['account', 'ad'],
    ['jail', 'start'],
    ['account', 'add', 'Bad Name', '--key', '-'],
  ]) {
    const { code, err } = await instance().jailctl(args, { input: '' });
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.notEqual(err, '');
  }
});

test('starting a jail that runs already says so', async () => {
  await assertServes();
  const { code, out, err } = await instance().jailctl(['jail', 'start', 'alice']);
  assert.ok(code === 0 || code === 5, err);
  assert.match(out + err, /already/);
});

test('jailctl without a running server says that, where it needs one', async () => {
  await instance().stop();
  const { code } = await instance().jailctl(['session', 'list']);
  assert.equal(code, 75);
  assert.equal((await instance().jailctl(['account', 'list'])).code, 0);
  await instance().start();
});

test('Z05 a damaged record is set aside with its content, and the others work', async () => {
  await instance().addAccount('broken');
  const folder = path.join(instance().files.stateDir, 'accounts');
  writeFileSync(path.join(folder, 'broken.ini'), 'name = \n[[[\n');
  const { code, err } = await ssh(instance(), 'broken', 'true');
  assert.equal(code, 255, err);
  await assertServes();
  const shown = await instance().jailctl(['account', 'show', 'broken']);
  assert.notEqual(shown.code, 0);
  assert.match(shown.err, /damaged/);
  const kept = readdirSync(folder).filter((name) => name.startsWith('broken'));
  assert.ok(
    kept.some((name) => readFileSync(path.join(folder, name), 'utf8').includes('[[[')),
    kept.join(' '),
  );
});

test('an empty record is treated as damaged, not as absent', async () => {
  await instance().addAccount('emptied');
  writeFileSync(path.join(instance().files.stateDir, 'accounts', 'emptied.ini'), '');
  const shown = await instance().jailctl(['account', 'show', 'emptied']);
  assert.notEqual(shown.code, 0);
  assert.notEqual(shown.code, 3);
});

test('a record of a newer version is refused in words and left as it is', async () => {
  await instance().addAccount('newer');
  const file = path.join(instance().files.stateDir, 'accounts', 'newer.ini');
  const text = readFileSync(file, 'utf8');
  const newer = text.replace(/^version\s*=\s*\d+$/m, 'version = 99');
  assert.notEqual(newer, text, 'the record carries a version');
  writeFileSync(file, newer);
  const { code, err } = await instance().jailctl(['account', 'show', 'newer']);
  assert.notEqual(code, 0);
  assert.match(err, /99/);
  assert.match(err, /newer/);
  assert.equal(readFileSync(file, 'utf8'), newer);
  assert.equal((await ssh(instance(), 'newer', 'true')).code, 255);
  await assertServes();
});

test('a jail whose template is gone says so and loses nothing', async () => {
  await instance().addAccount('orphan');
  assert.equal((await ssh(instance(), 'orphan', 'echo data > /root/data')).code, 0);
  await instance().mustJailctl(['jail', 'stop', 'orphan', '--yes']);
  const templates = path.join(instance().files.stateDir, 'templates');
  renameSync(templates, `${templates}-away`);
  try {
    const { code } = await instance().jailctl(['jail', 'start', 'orphan']);
    assert.notEqual(code, 0);
    const login = await ssh(instance(), 'orphan', 'true');
    assert.notEqual(login.code, 0);
    assert.doesNotMatch(login.err, /\/var\/tmp/, 'no host path reaches the user');
  } finally {
    renameSync(`${templates}-away`, templates);
  }
  assert.equal((await ssh(instance(), 'orphan', 'cat /root/data')).out, 'data');
});

test('Z06 a full disk while writing a record leaves the old record', async () => {
  const accounts = path.join(instance().files.stateDir, 'accounts');
  await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', accounts]);
  try {
    await instance().addAccount('small');
    const before = readFileSync(path.join(accounts, 'small.ini'), 'utf8');
    fillDisk(path.join(accounts, 'filler'));
    const { code, err } = await instance().jailctl(['account', 'lock', 'small']);
    assert.equal(code, 1, err);
    assert.match(err, /space/i);
    assert.equal(readFileSync(path.join(accounts, 'small.ini'), 'utf8'), before);
    assert.deepEqual(
      readdirSync(accounts).filter((name) => !/^(\.lock|filler|small\.ini|\..*lock)$/.test(name)),
      [],
    );
  } finally {
    await mustRun('umount', [accounts]);
  }
  await instance().mustJailctl(['jail', 'delete', 'small', '--yes']);
  await assertServes();
});

/** Writes until nothing more fits. */
function fillDisk(file: string): void {
  try {
    for (;;) {
      appendFileSync(file, Buffer.alloc(1024));
    }
  } catch {
    // expected: ENOSPC
  }
}

test('Z11 an invalid configuration on reload leaves the old one in force', async () => {
  const good = readFileSync(instance().files.config, 'utf8');
  writeFileSync(instance().files.config, `${good}\n[nonsense]\nkey = 1\n`);
  process.kill(instance().server.pid, 'SIGHUP');
  await instance().logged('config.rejected', (line) => line.event === 'config.rejected');
  await assertServes();
  writeFileSync(instance().files.config, good);
});
