import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { RootTree } from '../../../src/template/root-tree.js';
import { buildSafeBase } from '../../../src/template/sources/skeleton.js';

let top = '';
let outside = '';
let tree: RootTree;
const mine = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'jaild-tree-'));
  top = join(made, 'root');
  outside = join(made, 'outside');
  mkdirSync(top);
  mkdirSync(outside);
  writeFileSync(join(outside, 'marker'), 'untouched');
  tree = new RootTree(top);
});
afterEach(() => rmSync(join(top, '..'), { recursive: true, force: true }));

function assertOutsideUntouched(): void {
  assert.equal(readFileSync(join(outside, 'marker'), 'utf8'), 'untouched');
  assert.equal(lstatSync(outside).nlink, 2);
}

describe('RootTree', () => {
  it('replaces a link where a file or directory is to be, and leaves its target alone', async () => {
    symlinkSync(join(outside, 'marker'), join(top, 'hosts'));
    symlinkSync(outside, join(top, 'dev'));
    await tree.file('hosts', 'mine', { mode: 0o640, ...mine });
    await tree.directory('dev', { mode: 0o1777, ...mine });
    assert.equal(readFileSync(join(top, 'hosts'), 'utf8'), 'mine');
    assert.equal(lstatSync(join(top, 'hosts')).mode & 0o7777, 0o640);
    assert.ok(lstatSync(join(top, 'dev')).isDirectory());
    assert.equal(lstatSync(join(top, 'dev')).mode & 0o7777, 0o1777);
    assertOutsideUntouched();
  });

  it('refuses a parent that is a link', async () => {
    symlinkSync(outside, join(top, 'etc'));
    for (const work of [
      tree.file('etc/x', '', { mode: 0o644 }),
      tree.link('etc/x', 'y'),
      tree.remove('etc/marker'),
      tree.directory('etc/d', { mode: 0o755 }),
    ]) {
      await assert.rejects(work, (error) => isJaildError(error, 'template-build-failed'));
    }
    assertOutsideUntouched();
  });

  it('refuses paths that are not plain', async () => {
    for (const path of ['', '..', 'a/../../x', '/etc', 'a//b', 'a/./b', 'a\0b']) {
      await assert.rejects(tree.file(path, '', { mode: 0o644 }), (error) => isJaildError(error, 'internal'), path);
    }
  });

  it('copies what everybody may read, and only that', async () => {
    const copy = (name: string, options = {}): Promise<boolean> => tree.copyPublic(join(outside, name), name, options);
    writeFileSync(join(outside, 'closed'), 'secret', { mode: 0o640 });
    symlinkSync('/nowhere', join(outside, 'link'));
    mkdirSync(join(outside, 'directory'));
    assert.equal(await copy('marker'), true);
    assert.equal(await copy('closed'), false);
    assert.equal(await copy('directory'), false);
    assert.equal(await copy('absent'), false);
    assert.equal(await copy('link'), true);
    assert.equal(readlinkSync(join(top, 'link')), '/nowhere');
    assert.equal(existsSync(join(top, 'closed')), false);
    assert.equal(await copy('closed', { anyMode: true }), true);
  });
});

describe('buildSafeBase', () => {
  it('leaves no link at a place where the keeper mounts or writes (M22)', async () => {
    mkdirSync(join(top, 'etc'));
    const places = ['dev', 'proc', 'sys', 'run', 'tmp', 'etc/resolv.conf', 'etc/hostname', 'etc/hosts'];
    for (const place of places)
      symlinkSync(place.startsWith('etc/') ? join(outside, 'marker') : outside, join(top, place));
    await buildSafeBase(tree);
    for (const place of places) assert.equal(lstatSync(join(top, place)).isSymbolicLink(), false, place);
    for (const name of ['resolv.conf', 'hostname', 'hosts'])
      assert.equal(readFileSync(join(top, 'etc', name), 'utf8').split('\n')[0], '# jaild');
    assertOutsideUntouched();
  });
});
