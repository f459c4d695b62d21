import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createStaging, removeDeadStaging, stagingRoot } from '../../../src/template/staging.js';

let stateDir = '';
/** Stands in for the keeper's `tree remove DIR`: the real one is native and has tests of its own. */
let remover = '';

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'jaild-staging-'));
  remover = join(stateDir, 'remover');
  writeFileSync(remover, '#!/bin/sh\n[ "$1 $2" = "tree remove" ] && exec /bin/rm -rf -- "$3"\nexit 2\n');
  chmodSync(remover, 0o755);
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

describe('removeDeadStaging', () => {
  it('removes what dead builds left, also of a pid that somebody else has now, and keeps a live one', async () => {
    const live = await createStaging(stateDir);
    const dead = ['999999999-1-aa', `${process.pid}-1-bb`, 'odd', '1-x'].map((name) =>
      join(stagingRoot(stateDir), name),
    );
    for (const path of dead) mkdirSync(path);
    assert.equal(await removeDeadStaging(stateDir, remover), dead.length);
    assert.ok(existsSync(live));
    assert.deepEqual(dead.filter(existsSync), []);
  });

  it('has nothing to do before the first build', async () => {
    assert.equal(await removeDeadStaging(stateDir, remover), 0);
  });
});
