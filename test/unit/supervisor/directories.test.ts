import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseIni } from '../../../src/base/ini.js';
import { configFrom } from '../../../src/config/load.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { makeDirectories } from '../../../src/supervisor/directories.js';

describe('directories of an instance', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-directories-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const config = (extra = '') => {
    const file = join(folder, 'jaild.ini');
    return configFrom(file, [parseIni(`[server]\ninstance_dir = .\n${extra}`, file)]);
  };
  const mode = (name: string) => statSync(join(folder, name)).mode & 0o777;

  it('are made with their modes, whatever the umask is', () => {
    const before = process.umask(0o077);
    try {
      makeDirectories(config());
    } finally {
      process.umask(before);
    }
    assert.deepEqual(
      ['state', 'run', 'log', 'state/keys', 'state/accounts', 'state/jails', 'run/jails'].map(mode),
      [0o711, 0o711, 0o750, 0o700, 0o700, 0o700, 0o700],
    );
  });

  it('are closed again when they hold secrets, and left as they are when others share them', () => {
    makeDirectories(config());
    chmodSync(join(folder, 'state/keys'), 0o777);
    chmodSync(join(folder, 'log'), 0o755);
    makeDirectories(config());
    assert.deepEqual([mode('state/keys'), mode('log')], [0o700, 0o755]);
  });

  it('are refused in words when they cannot be made', () => {
    mkdirSync(join(folder, 'x'));
    const file = join(folder, 'x', 'jaild.ini');
    writeFileSync(file, '');
    const broken = configFrom(file, [parseIni('[server]\ninstance_dir = .\nstate_dir = jaild.ini/state\n', file)]);
    assert.throws(
      () => makeDirectories(broken),
      (error) => isJaildError(error, 'store-unwritable'),
    );
  });
});
