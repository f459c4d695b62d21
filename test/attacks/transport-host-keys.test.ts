/**
 * Transport, group T: the server's identity. A key that changes with a restart teaches users to accept any key; two
 * first starts at once must not leave half a file; a worker that was taken over must not be able to copy the identity.
 */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { counted } from '../support/full-mode.js';
import { mustRun, runProgram } from '../support/program.js';
import { attackSuite } from './attack-suite.js';

const { instance, port } = attackSuite('host-keys');
const restarts = counted(3, 20);

async function scannedKeys(): Promise<string[]> {
  const out = await mustRun('ssh-keyscan', ['-p', String(port()), '127.0.0.1']);
  return out
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort();
}

test(`T36 host keys stay the same over ${restarts} restarts and only root may read them`, async () => {
  const before = await scannedKeys();
  assert.ok(before.length >= 2);
  for (let n = 0; n < restarts; n += 1) {
    await instance().stop();
    await instance().start();
  }
  assert.deepEqual(await scannedKeys(), before);
  const keys = path.join(instance().files.stateDir, 'keys');
  for (const name of readdirSync(keys).filter((each) => !each.endsWith('.pub'))) {
    const { mode, uid } = statSync(path.join(keys, name));
    assert.equal(mode & 0o777, 0o600, name);
    assert.equal(uid, 0);
    const read = await runProgram('cat', [path.join(keys, name)], { uid: instance().slot.firstWorkerUid });
    assert.notEqual(read.code, 0, 'a worker uid cannot read it');
  }
});

test('T37 two first starts at once make one whole set of keys', async () => {
  const directory = path.join(instance().files.directory, 'race');
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  const config = path.join(instance().files.directory, 'race.ini');
  const text = readFileSync(instance().files.config, 'utf8');
  writeFileSync(config, text.replace(/^instance_dir = .*$/m, `instance_dir = ${directory}`));
  const init = () =>
    runProgram(path.join(instance().files.app, 'bin/jailctl'), ['--config', config, 'init', '--yes'], { cwd: '/' });
  const outcomes = await Promise.all([init(), init(), init()]);
  assert.ok(
    outcomes.some(({ code }) => code === 0),
    outcomes.map(({ err }) => err).join('\n'),
  );
  const keys = path.join(directory, 'state', 'keys');
  for (const name of readdirSync(keys).filter((each) => !each.endsWith('.pub') && !each.startsWith('.'))) {
    createPrivateKey(readFileSync(path.join(keys, name))); // throws for half a key
  }
});
