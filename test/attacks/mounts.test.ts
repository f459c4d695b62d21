/**
 * Mounts, /proc, /sys and files, group M: root inside undoes the walls with the tools of an administrator. Mounts made in
 * the jail's own namespace came off with umount in a trial; those of ours are locked. Markers on the host must stay.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../support/program.js';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { attackSuite } from './attack-suite.js';

const { instance } = attackSuite('mounts', {}, undefined, { ownTemplates: true });

async function fails(command: string): Promise<string> {
  const { code, out, err } = await ssh(instance(), 'alice', command);
  assert.notEqual(code, 0, `${command} succeeded: ${out}`);
  return err;
}

test('M02 no mask or read-only mount comes off', async () => {
  const mounts = (await mustSsh(instance(), 'alice', "awk '{print $5}' /proc/self/mountinfo")).split('\n');
  const walls = mounts.filter((each) => /^\/(proc\/.+|sys.*|dev)$/.test(each));
  assert.ok(walls.length >= 3, mounts.join(' '));
  for (const wall of walls) {
    await fails(`umount '${wall}'`);
    await fails(`umount -l '${wall}'`);
  }
});

test('M03 read-only mounts stay read-only', async () => {
  for (const options of ['remount,rw,bind', 'remount,bind,rw']) {
    await fails(`mount -o ${options} /sys`);
    await ssh(instance(), 'alice', `mount -o ${options} /proc/sys`);
  }
  await fails('echo 1 > /proc/sys/kernel/sysrq');
  await fails('echo x > /proc/sys/kernel/core_pattern');
});

test('M06 files of /proc that tell about the host are empty or refused', async () => {
  for (const file of ['kcore', 'keys', 'timer_list', 'sched_debug', 'kallsyms', 'kmsg', 'latency_stats']) {
    const { stdout } = await ssh(instance(), 'alice', `timeout 2 head -c 4096 /proc/${file} 2>/dev/null`);
    const tells = stdout
      .toString()
      .replace(/^0+ .*$/gm, '')
      .trim(); // kallsyms with zeroed addresses tells nothing
    assert.equal(tells, '', `/proc/${file}: ${tells.slice(0, 100)}`);
  }
});

test('M07 M08 switches of the kernel are refused', async () => {
  await fails('echo h > /proc/sysrq-trigger');
  await fails(
    'for f in $(find /sys/kernel /sys/power /sys/module -type f -perm -200 2>/dev/null | head -200); do echo 0 > "$f" && exit 0; done; exit 1',
  );
});

test('M09 firmware, power and thermal files are absent or empty', async () => {
  const out = await mustSsh(
    instance(),
    'alice',
    'find /sys/firmware /sys/class/powercap /sys/class/thermal /sys/devices/virtual/powercap -type f 2>/dev/null | head -5; true',
  );
  assert.equal(out, '');
});

test('M11 cgroup mounts give no release agent', async () => {
  for (const [type, options] of [
    ['cgroup', 'memory'],
    ['cgroup', 'rdma'],
    ['cgroup', 'pids'],
    ['cgroup2', ''],
  ]) {
    const mount = `mount -t ${type} ${options === '' ? '' : `-o ${options}`} x /mnt`;
    const { out } = await ssh(
      instance(),
      'alice',
      `${mount} && ls -d /mnt/release_agent; cat /mnt/cgroup.procs 2>/dev/null | wc -l; umount /mnt`,
    );
    assert.doesNotMatch(out, /release_agent/, mount);
  }
});

test('M14 a device node that comes with the template cannot be opened', async () => {
  const nodes = await mustSsh(instance(), 'alice', 'find / -xdev \\( -type b -o -type c \\) 2>/dev/null | head; true');
  for (const node of nodes.split('\n').filter((each) => each !== '')) {
    const { code } = await ssh(instance(), 'alice', `head -c 1 '${node}'`);
    assert.notEqual(code, 0, node);
  }
  const options = await mustSsh(instance(), 'alice', 'awk \'$5 == "/" {print $6}\' /proc/self/mountinfo');
  assert.match(options, /nodev/);
});

test('M15 M16 a set-id or capable file that a jail leaves is out of reach of users of the host', async () => {
  await mustSsh(instance(), 'alice', 'cp /bin/cat /root/planted && chmod 4755 /root/planted && chmod 755 /root');
  const upper = path.join(instance().files.stateDir, 'jails/alice/upper/root/planted');
  const { code } = await runProgram(upper, ['/etc/hostname'], { uid: 65_534 }).catch(() => ({ code: 126 }));
  assert.notEqual(code, 0);
});

test('M18 M19 no descriptor, root or directory of the outside is in reach', async () => {
  const script =
    'pwd -P; stat -c %i /; for p in /proc/[0-9]*; do for l in root cwd exe fd/*; do readlink "$p/$l"; done; done 2>/dev/null | sort -u';
  const out = await mustSsh(instance(), 'alice', script);
  assert.doesNotMatch(out, /\/var\/tmp|jail-keeper|\/work|\(deleted\)|unreachable/);
  assert.match(out, /^\/root\n/);
});

test('M20 mountinfo shows no path and no name of the host', async () => {
  const out = await mustSsh(instance(), 'alice', 'cat /proc/self/mountinfo /proc/self/mounts');
  assert.ok(!out.includes(instance().files.directory), out);
  assert.doesNotMatch(out, /\/var\/(tmp|lib)|sha256-|jaild/);
});

test('M21 mounts of either side do not show on the other', async () => {
  await mustSsh(instance(), 'alice', 'mkdir -p /mnt/inner && mount -t tmpfs inner-marker /mnt/inner');
  assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /inner-marker/);
  const outer = path.join(instance().files.directory, 'outer-marker');
  mkdirSync(outer);
  await runProgram('mount', ['-t', 'tmpfs', 'outer-marker', outer]);
  try {
    assert.doesNotMatch(await mustSsh(instance(), 'alice', 'cat /proc/self/mountinfo'), /outer-marker/);
  } finally {
    await runProgram('umount', [outer]);
  }
});

test('M25 what one jail does to template files another does not see', async () => {
  await mustSsh(
    instance(),
    'alice',
    'echo changed > /etc/os-release; rm -f /usr/bin/awk /usr/bin/mawk; chmod 000 /usr/bin/env',
  );
  assert.match(
    await mustSsh(instance(), 'bob', 'cat /etc/os-release; env true && awk "BEGIN {print 7}"'),
    /Debian[\s\S]*7$/,
  );
  await instance().mustJailctl(['template', 'verify', 'host'], { deadlineMs: 120_000 });
  await instance().mustJailctl(['jail', 'reset', 'alice', '--yes'], { deadlineMs: 60_000 });
});

test('M27 overlay attributes set inside have no effect across layers', async () => {
  for (const name of [
    'trusted.overlay.opaque',
    'trusted.overlay.redirect',
    'user.overlay.opaque',
    'user.overlay.redirect',
  ]) {
    await ssh(
      instance(),
      'alice',
      `mkdir -p /root/x && python3 -c "import os; os.setxattr('/root/x', '${name}', b'/../../../../etc')"`,
    );
  }
  assert.equal(await mustSsh(instance(), 'alice', 'ls -A /root/x'), '');
});

test('a jail sees only world-readable files of the host and nothing of /usr/local', async () => {
  const secret = '/usr/local/jaild-test-planted';
  writeFileSync(secret, 'planted', { mode: 0o644 });
  try {
    await instance()
      .mustJailctl(['template', 'build', 'host', '--force'], { deadlineMs: 60_000 })
      .catch(() => undefined);
    assert.notEqual((await ssh(instance(), 'bob', `cat ${secret}`)).code, 0);
    const shadow = await mustSsh(instance(), 'bob', 'cat /etc/shadow');
    const hostHashes = readFileSync('/etc/shadow', 'utf8').match(/\$[^:]+/g) ?? [];
    assert.ok(hostHashes.every((hash) => !shadow.includes(hash)));
  } finally {
    await runProgram('rm', [secret]);
  }
});
