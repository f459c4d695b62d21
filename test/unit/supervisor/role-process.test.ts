import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { addon } from '../../../src/base/addon.js';
import { monotonicMs, pause } from '../../../src/base/deadline.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { rootLogger } from '../../../src/log/root.js';
import { bindAll } from '../../../src/supervisor/bind.js';
import { type RolePlan, RoleProcess } from '../../../src/supervisor/role-process.js';

describe('role process', () => {
  let folder = '';
  let lines: Record<string, unknown>[] = [];
  let role: RoleProcess | undefined;
  let finished = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-role-'));
    lines = [];
    finished = 0;
  });
  afterEach(async () => {
    await role?.stop('SIGKILL', 1000);
    rmSync(folder, { recursive: true });
  });

  function make(script: string, changes: Partial<RolePlan> = {}): RoleProcess {
    const log = rootLogger({
      role: 'supervisor',
      stream: { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    });
    const plan: RolePlan = {
      name: 'broker',
      program: '/bin/sh',
      args: ['-c', script],
      env: { PATH: '/usr/bin:/bin' },
      ...changes,
    };
    role = new RoleProcess(plan, log, { finished: () => (finished += 1) });
    return role;
  }
  async function until(what: string, condition: () => boolean): Promise<void> {
    const end = monotonicMs() + 5000;
    while (!condition()) {
      if (monotonicMs() > end) assert.fail(`never: ${what}; ${JSON.stringify(lines)}`);
      await pause(5);
    }
  }
  const count = (event: string) => lines.filter((line) => line['event'] === event).length;
  const waits = 'echo ready; exec cat >/dev/null';

  it('starts when the role says that it is ready', async () => {
    await make(`test "$LISTEN_FDS" = 0 && test -z "$HOME" || exit 9; ${waits}`).start();
    assert.equal(count('role.started'), 1);
  });

  it('says why a role cannot start, and does not try again', async () => {
    await assert.rejects(
      make('exit 7').start(),
      (error) =>
        isJaildError(error, 'role-failed') && error.cause instanceof Error && /status 7/.test(error.cause.message),
    );
    await assert.rejects(make('x', { program: '/absent' }).start(), (error) => isJaildError(error, 'role-failed'));
    assert.equal(count('role.restarted'), 0);
    role = undefined;
  });

  it('starts a role again that was killed, or that ended without being told', async () => {
    const killed = make(waits);
    await killed.start();
    const first = killed.pid;
    killed.signal('SIGKILL');
    await until('restart', () => count('role.restarted') === 1 && killed.pid !== first);
    await killed.stop('SIGKILL', 1000);
    await make(`test -e ${folder}/second && { ${waits}; }; touch ${folder}/second; echo ready; exit 0`).start();
    await until('restart', () => count('role.restarted') === 2);
    assert.equal(finished, 0);
  });

  it('takes status 0 of the listener as its end', async () => {
    await make('echo ready; read line; exit 0', { name: 'listener', mayFinish: true }).start();
    role?.signal('SIGTERM');
    await until('restart', () => count('role.restarted') === 1); // killed by a signal: not told to end
    await role?.stop('SIGKILL', 1000);
    await make('echo ready; exit 0', { name: 'listener', mayFinish: true }).start();
    await until('end', () => finished === 1);
    role = undefined;
  });

  it('ends a role that does not listen, at the deadline', async () => {
    await make(`trap '' TERM; echo ready; while :; do sleep 0.05; done`).start();
    const begun = monotonicMs();
    await role?.stop('SIGTERM', 200);
    assert.ok(monotonicMs() - begun >= 190);
    assert.equal(count('role.restarted'), 0);
    role = undefined;
  });

  it('passes descriptors in order, and uid, gid and no other group', async () => {
    const { fd } = addon.listenTcp('127.0.0.1', 0, 1);
    const uid = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    await make(
      `readlink /proc/self/fd/3 >&2; id -G > /dev/null; test -S /proc/self/fd/3 || exit 8; grep -q '^Groups:.[0-9 ]*$' /proc/self/status || exit 7; echo ready; exec cat`,
      { fds: [fd], ...uid },
    ).start();
    const status = readFileSync(`/proc/${role?.pid}/status`, 'utf8');
    if (process.getuid?.() === 0) assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$[\s\S]*^Groups:\t *$/m);
    addon.close(fd);
  });
});

describe('binding', () => {
  it('listens at all addresses or at none, and says which is taken', () => {
    const [first] = bindAll([{ host: '127.0.0.1', port: 0 }], 8);
    assert.ok(first !== undefined && first.port > 0);
    const before = addon.listenTcp('127.0.0.1', 0, 1);
    addon.close(before.fd);
    assert.throws(
      () =>
        bindAll(
          [
            { host: '127.0.0.1', port: before.port },
            { host: '127.0.0.1', port: first.port },
          ],
          8,
        ),
      (error) => isJaildError(error, 'listen-taken') && error.message.startsWith(`127.0.0.1:${first.port} is taken`),
    );
    addon.close(addon.listenTcp('127.0.0.1', before.port, 1).fd);
    assert.throws(
      () => bindAll([{ host: '192.0.2.1', port: 0 }], 8),
      (error) => isJaildError(error, 'listen-failed') && /does not have that address/.test(error.message),
    );
    addon.close(first.fd);
  });
});
