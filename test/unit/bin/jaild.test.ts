import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { projectRoot } from '../../../src/base/project-root.js';

function jaild(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(projectRoot, 'dist/src/bin/jaild.js'), ...args],
    {
      encoding: 'utf8',
      env: {},
      timeout: 20_000,
    },
  );
  return { status, stdout, stderr };
}

describe('jaild', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-bin-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const config = (text: string): string => {
    const file = join(folder, 'jaild.ini');
    writeFileSync(file, text);
    return file;
  };

  it('says that a configuration is good, or what is wrong with it', () => {
    const good = jaild('config', 'check', '--config', config('[auth]\nmax_tries = 3\n'));
    assert.deepEqual([good.status, good.stdout], [0, '']);
    const bad = jaild('config', 'check', '--config', config('[auth]\nmax_trys = 3\n'));
    assert.equal(bad.status, 2);
    assert.match(bad.stderr, /jaild\.ini:2: \[auth\] has no key max_trys; did you mean max_tries\?/);
    assert.equal(jaild('config', 'check', '--config', join(folder, 'absent.ini')).status, 3);
  });

  it('shows what holds and where it stands', () => {
    const file = config('[auth]\nmax_tries = 3\n');
    const { status, stdout } = jaild('config', 'show', '--config', file);
    assert.equal(status, 0);
    assert.ok(stdout.includes(`(${file}:2)\nmax_tries = 3\n`));
    assert.match(stdout, /\(default\)\npassword = yes\n/);
  });

  it('refuses what it does not know with status 2', () => {
    for (const args of [['frobnicate'], ['serve', '--frob'], ['config', 'edit'], ['constructor'], ['version', 'x']]) {
      const { status, stderr } = jaild(...args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /^jaild: /);
    }
  });

  it('prints its version and its commands', () => {
    assert.match(jaild('version').stdout, /^\d+\.\d+\.\d+\n$/);
    assert.match(jaild().stdout, /jaild serve \[--config FILE\]/);
  });

  it('does not listen without sockets that are meant for it', () => {
    assert.equal(jaild('listener', '--run-dir', folder).status, 2);
  });
});
