/**
 * Hostile trees, groups M and X: whatever lies below a jail's directory was put there by its root. Past holes: mount
 * targets that are links (CVE-2021-30465, CVE-2025-31133), deletion that follows a swapped link, two starts of one upper
 * layer. A marker tree on the host stands for everything that must not be touched.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { counted } from '../support/full-mode.js';
import { jailRow } from '../support/instance-parts.js';
import { mustRun, runProgram } from '../support/program.js';
import { mustSsh, ssh, startSsh } from '../support/ssh-client.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

let marker = '';

const { instance } = attackSuite('hostile-trees', {}, async (made) => {
  await made.addAccount('victim');
  marker = path.join(made.files.directory, 'marker');
  mkdirSync(path.join(marker, 'inner'), { recursive: true });
  writeFileSync(path.join(marker, 'file'), 'intact');
  await mustRun('chmod', ['-R', 'a+rwX', marker]);
});

/** Runs a script in a stopped or running jail's upper directory with the jail's own ids, as a tenant's process would. */
async function asTenant(script: string): Promise<unknown> {
  const map = await mustSsh(instance(), 'victim', 'cat /proc/self/uid_map');
  const base = map.trim().split(/\s+/)[1] ?? '';
  await instance().mustJailctl(['jail', 'stop', 'victim', '--yes']);
  const ids = ['--reuid', base, '--regid', base, '--clear-groups'];
  const cwd = path.join(instance().files.stateDir, 'jails/victim/upper');
  return runProgram('setpriv', [...ids, 'sh', '-c', script], { cwd, deadlineMs: 120_000 });
}

async function markerState(): Promise<string> {
  return mustRun('find', [marker, '-printf', '%p %m %U %s %T@\\n']);
}

async function assertMarkerIntact(work: () => Promise<unknown>): Promise<void> {
  const before = await markerState();
  await work();
  assert.equal(await markerState(), before, 'the marker tree is as it was');
  assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(`${marker}[ /]`));
}

async function resetVictim(): Promise<void> {
  await instance().mustJailctl(['jail', 'reset', 'victim', '--yes'], { deadlineMs: 60_000 });
}

const targets = [
  '/dev',
  '/dev/pts',
  '/dev/null',
  '/proc',
  '/sys',
  '/tmp',
  '/run',
  '/etc/resolv.conf',
  '/etc/hostname',
  '/etc/hosts',
  '/etc',
  '/root',
];

for (const target of targets) {
  test(`M22 M24 ${target} as a link to the outside is contained or refused at the next start`, async () => {
    await asTenant(`mkdir -p ".$(dirname ${target})"; rm -rf ".${target}"; ln -s '${marker}' ".${target}"`);
    await assertMarkerIntact(() =>
      ssh(instance(), 'victim', `echo x > ${target}/file 2>/dev/null; echo y > ${target} 2>/dev/null; id`, {
        deadlineMs: 20_000,
      }),
    );
    await resetVictim();
  });
}

test(`M23 swapping mount targets during ${counted(40, 500)} entries touches nothing outside`, async () => {
  const swap = `echo armed; while :; do for d in tmp run etc; do mv /$d /$d.x; ln -s ${marker} /$d; rm /$d; mv /$d.x /$d; done; done 2>/dev/null`;
  await assertMarkerIntact(async () => {
    const attack = startSsh(instance(), 'victim', swap, { input: () => undefined, deadlineMs: 300_000 });
    await until('the swapping runs', 10_000, () => attack.stdoutSoFar().includes('armed'));
    for (let n = 0; n < counted(40, 500); n += 1) {
      await ssh(instance(), 'victim', 'echo x > /tmp/file; echo x > /run/file', { deadlineMs: 20_000 });
    }
    attack.child.kill('SIGKILL');
    await attack.ended;
  });
  await resetVictim();
});

test('M36 a farm of links and a swapping process are removed without following one', async () => {
  const farm = `for i in $(seq 1 300); do ln -s ${marker} l$i; ln -s ${marker}/file f$i; mkdir d$i; done`;
  await mustSsh(instance(), 'victim', `mkdir -p /root/farm; cd /root/farm; ${farm}`);
  await assertMarkerIntact(async () => {
    const swapping = asTenant(
      `f=root/farm; for i in $(seq 1 300); do mv $f/d$i $f/e$i; ln -s '${marker}' $f/d$i; done 2>/dev/null`, // no cd: the parents are closed
    );
    await until('the swapping runs', 20_000, () =>
      existsSync(path.join(instance().files.stateDir, 'jails/victim/upper/root/farm/e1')),
    );
    await Promise.all([swapping, instance().jailctl(['jail', 'reset', 'victim', '--yes'])]); // may refuse in the race
    await resetVictim();
  });
  assert.equal((await ssh(instance(), 'victim', 'ls /root/farm')).code, 2);
});

test('M12 a jail cannot make control groups without number', async () => {
  const out = await mustSsh(
    instance(),
    'alice',
    'mkdir -p /mnt/cg; mount -t cgroup2 x /mnt/cg 2>/dev/null && for i in $(seq 1 20000); do mkdir /mnt/cg/g$i 2>/dev/null || break; done; ls /mnt/cg 2>/dev/null | grep -c "^g"; umount /mnt/cg 2>/dev/null; true',
    { deadlineMs: 60_000 },
  );
  assert.ok(Number(out.split('\n').at(-1)) < 20_000, out);
});

test('M28 a jail that runs is not started a second time', async () => {
  await mustSsh(instance(), 'victim', 'true');
  const { initPid } = await jailRow(instance(), 'victim');
  await Promise.all([1, 2, 3].map(() => instance().jailctl(['jail', 'start', 'victim'])));
  assert.equal((await jailRow(instance(), 'victim')).initPid, initPid);
});

test('X27 starts, stops and a deletion that race end in a clean state', async () => {
  await instance().addAccount('racer');
  for (let round = 0; round < 4; round += 1) {
    await Promise.all([
      instance().jailctl(['jail', 'start', 'racer']),
      instance().jailctl(['jail', 'stop', 'racer', '--yes']),
      ssh(instance(), 'racer', 'true', { deadlineMs: 30_000 }),
    ]);
    assert.match((await jailRow(instance(), 'racer')).state, /^(running|stopped|created)$/);
  }
  const [, removed] = await Promise.all([
    instance().jailctl(['jail', 'start', 'racer']),
    instance().jailctl(['account', 'delete', 'racer', '--yes', '--with-jails'], { deadlineMs: 30_000 }),
  ]);
  const directory = path.join(instance().files.stateDir, 'jails/racer');
  if (removed.code === 0) {
    assert.equal(existsSync(directory), false);
  } else {
    assert.equal((await ssh(instance(), 'racer', 'echo whole')).out, 'whole');
  }
});

test('X34 configuration that a tenant plants is never read', async () => {
  await mustSsh(
    instance(),
    'victim',
    'mkdir -p /etc/jaild; echo "[roles]\nadmin[] = user:nobody" > /etc/jaild/jaild.ini; echo "[jail]\nnetwork = host" > /jail.ini; cp /jail.ini /root/jail.ini',
  );
  const upper = path.join(instance().files.stateDir, 'jails/victim/upper');
  assert.ok(readdirSync(upper).includes('jail.ini'), 'it lies beside the root file system');
  await instance().mustJailctl(['jail', 'restart', 'victim', '--yes']);
  const shown = await instance().mustJailctl(['jail', 'show', 'victim']);
  assert.doesNotMatch(shown, /network\s*[:=]?\s*host\b/);
});

test('K30 a jail at its process limit leaves others alone', async () => {
  await ssh(instance(), 'victim', 'for i in $(seq 1 6000); do sleep 20 & done 2>/dev/null; true', {
    deadlineMs: 60_000,
  });
  assert.equal(await mustSsh(instance(), 'alice', '(echo one; echo two) | wc -l'), '2');
  await instance().mustJailctl(['jail', 'stop', 'victim', '--yes']);
});

test('K04 K18 packet sockets and packet filters reach the jail’s own network only', async () => {
  const before = await mustRun('nft', ['list', 'tables']);
  await ssh(instance(), 'alice', 'nft add table inet planted; iptables -N PLANTED; true');
  assert.equal(await mustRun('nft', ['list', 'tables']), before);
});
