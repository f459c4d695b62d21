import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AuditTrail } from '../../../src/log/audit.js';

describe('audit trail', () => {
  let folder = '';
  let troubles: string[] = [];
  const open = (file: string) => new AuditTrail({ file, sync: 'each', onTrouble: (state) => troubles.push(state) });
  const lines = (file: string) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-audit-'));
    troubles = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('appends ordered lines to a file of mode 0600', () => {
    const file = join(folder, 'audit.log');
    const trail = open(file);
    trail.record('login.accepted', { account: 'alice', connection: 'c1' });
    trail.record('session.ended', { reason: 'closed' });
    trail.close();
    trail.close();
    assert.deepEqual(
      lines(file).map((line) => [line['event'], line['seq']]),
      [
        ['login.accepted', 1],
        ['session.ended', 2],
      ],
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('escapes what came from outside', () => {
    const file = join(folder, 'audit.log');
    const trail = open(file);
    trail.record('login.rejected', { untrusted: { user: 'a\u001b]52;c;x\u0007\n\u202e' } });
    trail.close();
    assert.deepEqual(lines(file)[0]?.['untrusted'], { user: 'a\\x1b]52;c;x\\x07\\n\\u{202e}' });
  });

  it('goes on in a new file after rotation', () => {
    const file = join(folder, 'audit.log');
    const trail = open(file);
    trail.record('login.accepted');
    renameSync(file, `${file}.1`);
    trail.record('session.started');
    trail.close();
    assert.equal(lines(`${file}.1`).length, 1);
    assert.equal(lines(file)[0]?.['event'], 'session.started');
    assert.deepEqual(troubles, []);
  });

  it('records the gap when it could not write', () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    const file = join(home, 'audit.log');
    const trail = open(file);
    renameSync(home, join(folder, 'away'));
    trail.record('login.accepted');
    trail.record('login.accepted');
    mkdirSync(home);
    trail.record('session.started');
    trail.close();
    assert.deepEqual(
      lines(file).map((line) => [line['event'], line['lost']]),
      [
        ['audit.gap', 2],
        ['session.started', undefined],
      ],
    );
    assert.deepEqual(troubles, ['failed', 'recovered']);
  });

  it('refuses to begin where it cannot write', () => {
    assert.throws(() => open(join(folder, 'absent', 'audit.log')));
  });
});
