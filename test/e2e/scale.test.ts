import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from '../support/full-mode.js';
import { jailRows } from '../support/instance-parts.js';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';

/** Many at once, with the default caps. Everyday runs hold fewer jails than the full mode (stated in the names). */
const jailCount = counted(40, 200);
const instance = instanceForSuite('scale', { jails: { linger: 'always' } }, async (made) => {
  await made.addAccount('alice');
  await made.addAccount('bob');
});

/** Runs `work` for 0 to count-1, at most `width` at a time. */
async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

test('50 logins at once from five addresses all succeed', async () => {
  const users = ['alice', 'bob'];
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      ssh(instance(), users[index % 2] ?? '', `echo in-${index}`, {
        flags: ['-b', `127.0.0.${11 + (index % 5)}`],
        deadlineMs: 90_000,
      }),
    ),
  );
  outcomes.forEach((outcome, index) => {
    assert.equal(outcome.out, `in-${index}`, outcome.err);
    assert.equal(outcome.code, 0);
  });
});

test('X26 50 first logins of one account at once make one jail and 50 sessions', async () => {
  await instance().addAccount('crowd');
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      ssh(instance(), 'crowd', 'readlink /proc/self/ns/pid', {
        flags: ['-b', `127.0.0.${21 + (index % 5)}`],
        deadlineMs: 90_000,
      }),
    ),
  );
  const namespaces = new Set(outcomes.map((outcome) => outcome.out));
  assert.equal(namespaces.size, 1, [...namespaces].join(' '));
  assert.ok(outcomes.every((outcome) => outcome.code === 0));
});

test(`${jailCount} jails run at once, each with its own address, and answer`, { timeout: 600_000 }, async () => {
  await inParallel(jailCount, 2, async (index) => {
    await instance().addAccount(`user${index}`);
  });
  await inParallel(jailCount, 4, async (index) => {
    assert.equal(await mustSsh(instance(), `user${index}`, 'hostname'), `user${index}`);
  });
  const rows = (await jailRows(instance())).filter((row) => row.name.startsWith('user'));
  assert.equal(rows.filter((row) => row.state === 'running').length, jailCount);
  assert.equal(new Set(rows.map((row) => row.address)).size, jailCount);
  assert.equal(await mustSsh(instance(), 'user0', 'echo still-here'), 'still-here');
});
