import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseAccountName } from '../../../src/base/brands.js';
import { openAccountSource } from '../../../src/store/account-source.js';
import { accountKind, openAccounts } from '../../../src/store/accounts.js';
import { formatRecord } from '../../../src/store/record-codec.js';

const name = parseAccountName('alice');
const record = (of: string) =>
  formatRecord(accountKind, {
    name: parseAccountName(of),
    owner: 'user:root',
    state: 'active',
    created: '2026-01-31T12:00:00.000Z',
    keys: [],
    options: {},
  });

describe('account source', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-source-'));
    mkdirSync(join(folder, 'accounts'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function ask(script?: string, timeoutMs = 5000): ReturnType<ReturnType<typeof openAccountSource>['find']> {
    const program = join(folder, 'look-up');
    if (script !== undefined) {
      writeFileSync(program, `#!/bin/sh\n${script}\n`);
      chmodSync(program, 0o755);
    }
    const accounts = openAccounts({ stateDir: folder as never });
    return openAccountSource(
      { lookupProgram: script === undefined ? [] : [program, 'fixed arg'], lookupTimeoutMs: timeoutMs },
      accounts,
    ).find(name);
  }
  const reason = async (script: string, timeoutMs?: number): Promise<string> => {
    const lookup = await ask(script, timeoutMs);
    return lookup.outcome === 'unavailable' ? lookup.reason.message : assert.fail(lookup.outcome);
  };

  it('tells found, unknown and unavailable apart for records', async () => {
    assert.equal((await ask()).outcome, 'unknown');
    writeFileSync(join(folder, 'accounts/alice.ini'), record('alice'));
    assert.equal((await ask()).outcome, 'found');
    writeFileSync(join(folder, 'accounts/alice.ini'), '');
    assert.equal((await ask()).outcome, 'unavailable');
    assert.equal((await ask()).outcome, 'unavailable');
  });

  it('takes the record that the program prints', async () => {
    const lookup = await ask(
      `[ "$1" = "fixed arg" ] && [ "$2" = alice ] && [ -z "$HOME" ] || exit 9\ncat <<'END'\n${record('alice')}END`,
    );
    assert.equal(lookup.outcome === 'found' && lookup.account.name, 'alice');
  });

  it('prefers the record, and does not ask the program past a broken record', async () => {
    writeFileSync(join(folder, 'accounts/alice.ini'), record('alice'));
    assert.equal((await ask('exit 3')).outcome, 'found');
    writeFileSync(join(folder, 'accounts/alice.ini'), 'x');
    assert.equal((await ask('exit 3')).outcome, 'unavailable');
  });

  it('is unknown only by exit status 3', async () => {
    assert.equal((await ask('exit 3')).outcome, 'unknown');
    assert.match(await reason('echo no database >&2; exit 1'), /status 1; it said: no database/);
    assert.match(await reason('kill -9 $$'), /killed by SIGKILL/);
  });

  it('is unavailable when the program is too slow, too loud, wrong or absent', async () => {
    assert.match(await reason('sleep 60', 100), /longer than 100 ms/);
    assert.match(await reason('exec cat /dev/zero'), /printed more than/);
    assert.match(await reason('echo hello'), /no account record/);
    assert.match(await reason(`cat <<'END'\n${record('bob')}END`), /answered for the account bob/);
    const accounts = openAccounts({ stateDir: folder as never });
    const lookup = await openAccountSource(
      { lookupProgram: [join(folder, 'absent')], lookupTimeoutMs: 1000 },
      accounts,
    ).find(name);
    assert.match(lookup.outcome === 'unavailable' ? lookup.reason.message : '', /ENOENT/);
  });

  it('does not wait for what the program left running', async () => {
    const lookup = await ask(`sleep 5 &\ncat <<'END'\n${record('alice')}END`);
    assert.equal(lookup.outcome, 'found');
  });
});
