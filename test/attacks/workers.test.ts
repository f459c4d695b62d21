/**
 * Workers, group X: the process that speaks SSH is assumed to be taken over one day. What it could reach is judged from
 * outside, by what the kernel says of it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { partsOf } from '../support/instance-parts.js';
import { processLink } from '../support/processes.js';
import { startSsh } from '../support/ssh-client.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance } = attackSuite('workers');

/** The workers while a session of alice's is open. */
async function withBusyWorkers(check: (pids: number[]) => void): Promise<void> {
  const running = startSsh(instance(), 'alice', 'echo up; cat', { flags: ['-tt'], input: () => undefined });
  await until('the session is up', 10_000, () => running.stdoutSoFar().includes('up'));
  const pids = partsOf(instance(), 'worker').map(({ pid }) => pid);
  assert.ok(pids.length > 0);
  // one filter from before exec; the tighter one follows before a worker says that it is ready
  await until('all have both filters', 10_000, () =>
    pids.every((pid) => Number(statusOf(pid, 'Seccomp_filters')) >= 2),
  );
  try {
    check(pids);
  } finally {
    running.child.kill('SIGKILL');
    await running.ended;
  }
}

function statusOf(pid: number, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

test('X33 a worker has a filter, no capability, no way to gain one, and no group', async () => {
  await withBusyWorkers((pids) => {
    for (const pid of pids) {
      assert.equal(statusOf(pid, 'Seccomp'), '2');
      assert.equal(statusOf(pid, 'NoNewPrivs'), '1');
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        assert.match(statusOf(pid, set), /^0+$/, set);
      }
      assert.equal(statusOf(pid, 'Groups').trim(), '');
    }
  });
});

test('X33 a worker sees neither the host’s files nor a network, and shares no namespace with the server', async () => {
  await withBusyWorkers((pids) => {
    for (const pid of pids) {
      for (const namespace of ['mnt', 'pid', 'ipc', 'net', 'uts']) {
        const link = pid === 0 ? undefined : processLink(pid, `ns/${namespace}`);
        assert.notEqual(link, processLink(process.pid, `ns/${namespace}`), namespace);
      }
      const top = readdirSync(`/proc/${pid}/root/`);
      assert.ok(!top.some((name) => ['etc', 'home', 'root', 'srv', 'work', 'boot'].includes(name)), top.join(' '));
      const interfaces = readFileSync(`/proc/${pid}/net/dev`, 'utf8');
      assert.doesNotMatch(interfaces, /eth|jd|ens|veth/);
    }
  });
});

test('X33 two workers have different users, and none is root', async () => {
  await withBusyWorkers((pids) => {
    const uids = pids.map((pid) => statusOf(pid, 'Uid').split('\t')[0]);
    assert.equal(new Set(uids).size, uids.length);
    assert.ok(uids.every((uid) => Number(uid) >= instance().slot.firstWorkerUid));
  });
});

test('a worker holds no host key and no descriptor of a file', async () => {
  await withBusyWorkers((pids) => {
    for (const pid of pids) {
      const targets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => processLink(pid, `fd/${fd}`) ?? []);
      const odd = targets.filter(
        (target) => !/^(socket:|pipe:|anon_inode:|\/dev\/(null|urandom|pts\/|ptmx)|\/ptmx|\/)/.test(target),
      );
      assert.deepEqual(odd, []);
      assert.ok(
        targets.every((target) => !target.includes(instance().files.stateDir)),
        targets.join(' '),
      );
    }
  });
});
