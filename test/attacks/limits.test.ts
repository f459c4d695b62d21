/**
 * Limits, group X: a limit that was configured and cannot be applied must not be ignored. Where the kernel lacks the
 * controller, the jail does not start and the reason is said; where it has it, the limit holds.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { attackSuite } from './attack-suite.js';

const { instance } = attackSuite('limits');

/** True when the host's cgroup v2 hierarchy offers the memory controller. */
function hasMemoryController(): boolean {
  const files = ['/sys/fs/cgroup/cgroup.controllers', '/sys/fs/cgroup/unified/cgroup.controllers'];
  return files.filter(existsSync).some((file) => readFileSync(file, 'utf8').split(/\s/).includes('memory'));
}

test('X24 a memory limit holds, or the jail does not start and says why', async () => {
  await instance().addAccount('limited', { args: ['--memory', '64M', '--force'] });
  const { code, err } = await ssh(instance(), 'limited', 'true');
  if (hasMemoryController()) {
    assert.equal(code, 0, err);
    const bomb = await ssh(instance(), 'limited', "python3 -c 'b = bytearray(300_000_000)'");
    assert.notEqual(bomb.code, 0);
    return;
  }
  assert.notEqual(code, 0);
  assert.doesNotMatch(err, /\/sys|\/var\/tmp/, 'the user is told no host path');
  const start = await instance().jailctl(['jail', 'start', 'limited']);
  assert.notEqual(start.code, 0);
  assert.match(start.err, /memory/, 'the administrator is told which limit');
});

test('a jail’s process limit is the whole jail’s, not each user’s', async () => {
  await instance().addAccount('few', { args: ['--pids', '60'] });
  const out = await mustSsh(
    instance(),
    'few',
    'for i in $(seq 1 100); do sleep 3 & done 2>/tmp/err; wc -l < /tmp/err; true',
  );
  assert.ok(Number(out.split('\n').at(-1)) > 0, `all 100 were started: ${out}`);
});

test('/tmp is bounded and is not the disk', async () => {
  const { code } = await ssh(instance(), 'alice', 'head -c 400M /dev/zero > /tmp/fill');
  assert.notEqual(code, 0);
  await mustSsh(instance(), 'alice', 'rm -f /tmp/fill');
});
