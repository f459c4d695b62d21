import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { mustRun } from '../support/program.js';
import { projectRoot } from '../support/stage.js';

/** systemd is installed but need not run: its tools judge the units on a staged tree. */
let tree = '';
const units = readdirSync(path.join(projectRoot, 'systemd')).filter((name) => /\.(service|socket|slice)$/.test(name));

before(() => {
  tree = mkdtempSync('/var/tmp/jaild-units-');
  const system = path.join(tree, 'etc/systemd/system');
  mkdirSync(system, { recursive: true });
  for (const unit of units) {
    cpSync(path.join(projectRoot, 'systemd', unit), path.join(system, unit));
  }
  mkdirSync(path.join(tree, 'usr/lib/systemd'), { recursive: true });
  cpSync('/lib/systemd/system', path.join(tree, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true });
  for (const program of ['usr/bin/node', 'bin/kill', 'usr/lib/jaild/native/build/jail-keeper']) {
    const file = path.join(tree, program);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
  }
  writeFileSync(path.join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\n');
});

after(() => rmSync(tree, { recursive: true, force: true }));

test('the sysusers file makes the accounts that the units name', async () => {
  const file = path.join(projectRoot, 'systemd/sysusers.d-jaild.conf');
  await mustRun('systemd-sysusers', [`--root=${tree}`, file]);
  const passwd = readFileSync(path.join(tree, 'etc/passwd'), 'utf8');
  for (const unit of units) {
    const user = /^User=(.+)$/m.exec(readFileSync(path.join(projectRoot, 'systemd', unit), 'utf8'))?.[1];
    assert.ok(user === undefined || passwd.includes(`${user}:`), `${unit} wants ${user}`);
  }
});

test('every unit passes systemd-analyze verify', async () => {
  assert.ok(units.length >= 4);
  await mustRun('systemd-analyze', ['verify', `--root=${tree}`, '--man=no', ...units]);
});

test('the tmpfiles file is understood', async () => {
  await mustRun('systemd-tmpfiles', [
    '--create',
    `--root=${tree}`,
    path.join(projectRoot, 'systemd/tmpfiles.d-jaild.conf'),
  ]);
});

for (const [unit, limit] of [
  ['jaild-listener.service', 1],
  ['jaild-broker.service', 4.5],
] as const) {
  test(`${unit} is exposed by at most ${limit} of 10`, async () => {
    const out = await mustRun('systemd-analyze', ['security', '--offline=yes', `--root=${tree}`, '--no-pager', unit]);
    const level = Number(/exposure level for \S+: ([0-9.]+)/.exec(out)?.[1]);
    assert.ok(level <= limit, `${unit}: ${level}`);
  });
}

test('the keeper’s unit sets nothing that jails would inherit', () => {
  const text = readFileSync(path.join(projectRoot, 'systemd/jaild-keeper.service'), 'utf8').replace(/^#.*$/gm, '');
  assert.doesNotMatch(
    text,
    /^(NoNewPrivileges|Protect|Private|Restrict(?!art)|CapabilityBoundingSet|SystemCall|Lock|MemoryDeny)/m,
  );
  assert.match(text, /^Delegate=yes$/m);
  assert.match(text, /^KillMode=process$/m);
});
