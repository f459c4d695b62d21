import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import {
  createFileAtomically,
  removeFile,
  removeStaleTemporaries,
  writeFileAtomically,
} from '../../../src/store/atomic-file.js';

describe('atomic file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-atomic-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is replaced as a whole, with its mode, and nothing else stays', async () => {
    const file = join(folder, 'a');
    await writeFileAtomically(file, 'one');
    await writeFileAtomically(file, 'two', { mode: 0o644 });
    assert.equal(readFileSync(file, 'utf8'), 'two');
    assert.equal(statSync(file).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(folder), ['a']);
  });

  it('is made by exactly one of many that race', async () => {
    const file = join(folder, 'a');
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => createFileAtomically(file, `${index}`)),
    );
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    for (const result of results)
      if (result.status === 'rejected') assert.ok(isJaildError(result.reason, 'record-exists'));
    assert.deepEqual(readdirSync(folder), ['a']);
  });

  it('says in words why it cannot be written', async () => {
    await assert.rejects(
      writeFileAtomically(join(folder, 'absent', 'a'), 'x'),
      (error) => isJaildError(error, 'store-unwritable') && /its directory is gone/.test(error.message),
    );
  });

  it('is removed once', async () => {
    const file = join(folder, 'a');
    await writeFileAtomically(file, 'x');
    assert.deepEqual([await removeFile(file), await removeFile(file)], [true, false]);
  });

  it('leaves no temporary of a writer that is gone', async () => {
    writeFileSync(join(folder, '.a.ini.4194303.0123456789ab.tmp'), 'half');
    writeFileSync(join(folder, `.a.ini.${process.pid}.0123456789ab.tmp`), 'being written');
    assert.equal(await removeStaleTemporaries(folder), 1);
    assert.equal(readdirSync(folder).length, 1);
  });
});
