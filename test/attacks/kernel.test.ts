/**
 * Kernel surface, group K: root inside a jail tries the system calls through which kernels were attacked. A probe program
 * makes each call inside; the table says which outcomes are sound. The control run makes the same calls outside, where the
 * ones marked must succeed: a refusal that the kernel gives to everybody proves nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailRow } from '../support/instance-parts.js';
import { installProbe, runProbes } from '../support/probe.js';
import { runProgram } from '../support/program.js';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { attackSuite } from './attack-suite.js';

interface Row {
  readonly id: string;
  readonly probe: string;
  readonly sound: readonly string[];
  /** Outside, as host root, the call gets past its permission check. */
  readonly control?: 'succeeds';
}

const refused = ['EPERM'];
const refusedOrAbsent = ['EPERM', 'ENOSYS', 'EAFNOSUPPORT'];

const rows: readonly Row[] = [
  { id: 'K02', probe: 'socket:40:1', sound: refused, control: 'succeeds' },
  { id: 'K05', probe: 'socket:44:3', sound: refused, control: 'succeeds' },
  { id: 'K06', probe: 'io_uring', sound: refusedOrAbsent, control: 'succeeds' },
  { id: 'K07', probe: 'bpf', sound: refusedOrAbsent },
  { id: 'K07', probe: 'bpf_map', sound: refusedOrAbsent },
  { id: 'K08', probe: 'perf', sound: refusedOrAbsent },
  { id: 'K09', probe: 'uffd', sound: refusedOrAbsent, control: 'succeeds' },
  { id: 'K09', probe: 'uffd_user', sound: refusedOrAbsent, control: 'succeeds' },
  { id: 'K10', probe: 'add_key', sound: refusedOrAbsent, control: 'succeeds' },
  { id: 'K10', probe: 'keyctl', sound: refusedOrAbsent, control: 'succeeds' },
  { id: 'K10', probe: 'request_key', sound: refusedOrAbsent },
  { id: 'K11', probe: 'unshare_user', sound: refused, control: 'succeeds' },
  { id: 'K12', probe: 'raised_user_namespaces', sound: ['EPERM', 'EACCES', 'EROFS'] },
  { id: 'K13', probe: 'clone3', sound: ['ENOSYS'], control: 'succeeds' },
  { id: 'K13', probe: 'thread', sound: ['OK'] },
  { id: 'K14', probe: 'i386_socketcall_vsock', sound: [...refusedOrAbsent, 'SIGSEGV', 'SIGSYS'], control: 'succeeds' },
  { id: 'K14', probe: 'i386_socket_vsock', sound: [...refusedOrAbsent, 'SIGSEGV', 'SIGSYS'], control: 'succeeds' },
  { id: 'K14', probe: 'i386_io_uring', sound: [...refusedOrAbsent, 'SIGSEGV', 'SIGSYS'] },
  { id: 'K15', probe: 'x32_getpid', sound: [...refusedOrAbsent, 'SIGSYS'] },
  { id: 'K17', probe: 'fsopen_ext4', sound: ['EPERM', 'ENOSYS', 'ENODEV'] },
  { id: 'K20', probe: 'trace_child', sound: ['OK'] },
  { id: 'K22', probe: 'settime', sound: refused },
  { id: 'K22', probe: 'adjust_clock', sound: refused },
  { id: 'K22', probe: 'swap_on', sound: refused },
  { id: 'K22', probe: 'process_accounting', sound: refused },
  { id: 'K22', probe: 'quota', sound: refused },
  { id: 'K25', probe: 'tioclinux', sound: ['EPERM', 'ENOTTY', 'EINVAL'] },
  { id: 'K33', probe: 'kernel_log', sound: refused },
  { id: 'K37', probe: 'unknown', sound: ['ENOSYS'] },
  { id: 'M13', probe: 'mknod_block', sound: refused },
  { id: 'M13', probe: 'mknod_char', sound: refused },
  { id: 'M29', probe: 'open_by_handle', sound: refused },
  { id: 'N08', probe: 'socket:16:3:9', sound: [...refusedOrAbsent, 'EPROTONOSUPPORT', 'OK'] },
  { id: 'also', probe: 'kexec', sound: refused },
  { id: 'also', probe: 'init_module', sound: refused },
  { id: 'also', probe: 'delete_module', sound: refused },
  { id: 'also', probe: 'io_port', sound: refusedOrAbsent },
];

const exoticFamilies = {
  ALG: 38,
  KEY: 15,
  RXRPC: 33,
  RDS: 21,
  TIPC: 30,
  KCM: 41,
  SMC: 43,
  BLUETOOTH: 31,
  NFC: 39,
  CAN: 29,
};

let inside = new Map<string, string>();

const { instance } = attackSuite('kernel', {}, async (made) => {
  await installProbe(made, 'alice');
  const families = Object.values(exoticFamilies).map((family) => `socket:${family}:5`);
  inside = await runProbes(made, 'alice', [...new Set(rows.map((row) => row.probe)), ...families]);
});

for (const { id, probe, sound } of rows) {
  test(`${id} ${probe} inside gives ${sound.join(' or ')}`, () => {
    assert.ok(sound.includes(inside.get(probe) ?? 'nothing'), `it gave ${inside.get(probe)}`);
  });
}

test('the same probes outside succeed where the table says so', async () => {
  const probe = `${instance().files.directory}/probe`;
  for (const row of rows.filter((each) => each.control === 'succeeds')) {
    const { out } = await runProgram(probe, [row.probe]);
    assert.equal(out, `${row.probe} OK`, `control of ${row.id}`);
  }
});

/** Empty where the kernel has no modules at all. */
async function loadedModules(): Promise<string> {
  return (await runProgram('cat', ['/proc/modules'])).out;
}

test('K19 exotic socket families are refused and load no module', async () => {
  const before = await loadedModules();
  for (const [name, family] of Object.entries(exoticFamilies)) {
    const outcome = inside.get(`socket:${family}:5`) ?? '';
    assert.ok(refusedOrAbsent.includes(outcome), `AF_${name} gave ${outcome}`);
  }
  await ssh(
    instance(),
    'alice',
    'ip link add x0 type dummy; ip link add x1 type vcan; ip link add x2 type batadv; true',
  );
  assert.equal(await loadedModules(), before);
});

test('K24 TIOCSTI on the own terminal is refused', async () => {
  const outcomes = await runProbes(instance(), 'alice', ['tiocsti'], { flags: ['-tt'], input: '' });
  assert.match(outcomes.get('tiocsti') ?? '', /^(EPERM|EIO)$/);
});

test('K28 the capability sets inside are those of a namespace’s root, without the ones that were taken', async () => {
  const status = await mustSsh(instance(), 'alice', 'grep -E "^(Cap|NoNewPrivs|Seccomp):?" /proc/self/status');
  const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
  const sysResource = 1n << 24n;
  const [sysModule, macAdmin] = [1n << 16n, 1n << 33n];
  assert.equal(set('CapBnd') & sysResource, 0n, 'CAP_SYS_RESOURCE would lift the limits');
  assert.notEqual(set('CapBnd') & 1n, 0n, 'CAP_CHOWN is there');
  assert.equal(set('CapInh'), 0n, 'nothing is inheritable (CVE-2022-24769)');
  assert.equal(set('CapAmb'), 0n);
  assert.equal(set('CapEff') & ~set('CapBnd'), 0n);
  assert.equal(set('CapEff') & (sysModule | macAdmin) & ~set('CapBnd'), 0n);
  assert.match(status, /^NoNewPrivs:\s*0$/m, 'sudo must work');
  assert.match(status, /^Seccomp:\s*2$/m);
});

test('K29 id maps are high, disjoint, and hold no id of the host', async () => {
  const maps = await Promise.all(
    ['alice', 'bob'].flatMap((user) =>
      ['uid_map', 'gid_map'].map((file) => mustSsh(instance(), user, `cat /proc/self/${file}`)),
    ),
  );
  const bases = maps.map((map) => {
    const fields = map.trim().split(/\s+/).map(Number);
    assert.equal(fields.length, 3, map);
    assert.ok((fields[1] ?? 0) >= 100_000);
    assert.equal(fields[2], 65_536);
    return fields[1] ?? 0;
  });
  assert.equal(bases[0], bases[1]);
  assert.ok(Math.abs((bases[0] ?? 0) - (bases[2] ?? 0)) >= 65_536);
});

test('K20 processes of another jail and of the host are not there', async () => {
  const { out } = await ssh(instance(), 'alice', 'ls /proc | grep -c "^[0-9]"');
  assert.ok(Number(out) < 20, `${out} processes are visible`);
});

test('K21 memory and descriptors of another jail’s process are out of reach', async () => {
  await mustSsh(instance(), 'bob', 'true');
  const { initPid } = await jailRow(instance(), 'bob');
  const script = `import ctypes
c = ctypes.CDLL(None, use_errno=True)
b = ctypes.create_string_buffer(8)
v = (ctypes.c_ulong * 2)(ctypes.addressof(b), 8)
print(c.syscall(434, ${initPid}, 0), c.syscall(310, ${initPid}, v, 1, v, 1, 0), c.syscall(434, 1, 0) >= 0)`;
  assert.equal(
    await mustSsh(instance(), 'alice', `python3 -c '${script}'`),
    '-1 -1 True',
    'only the own init is found',
  );
});

test('K23 reboot -f ends only this jail', async () => {
  const bobBefore = await mustSsh(instance(), 'bob', 'readlink /proc/self/ns/pid');
  await ssh(instance(), 'alice', "python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'");
  assert.equal(await mustSsh(instance(), 'bob', 'readlink /proc/self/ns/pid'), bobBefore);
  assert.equal(await mustSsh(instance(), 'alice', 'echo back'), 'back');
});

test('K31 a group that may not read still may not after it is dropped', async () => {
  const script = [
    'groupadd -f denied 2>/dev/null || echo "denied:x:4242:" >> /etc/group',
    'echo secret > /tmp/denied && chgrp 4242 /tmp/denied && chmod 0604 /tmp/denied',
    'setpriv --reuid 1234 --regid 4242 --clear-groups sh -c "unshare -U cat /tmp/denied || cat /tmp/denied"',
  ].join('; ');
  const { out } = await ssh(instance(), 'alice', script);
  assert.doesNotMatch(out, /secret/);
});

test('K33 K34 kernel log and device nodes are absent', async () => {
  const devices = (await mustSsh(instance(), 'alice', 'ls /dev')).split('\n');
  for (const name of ['kmsg', 'mem', 'kmem', 'port', 'kvm', 'vda', 'loop-control', 'net', 'fuse', 'autofs', 'uinput']) {
    assert.ok(!devices.includes(name), `/dev/${name}`);
  }
});

test('K35 binfmt_misc registers nothing outside', async () => {
  await ssh(instance(), 'alice', 'mount -t binfmt_misc none /mnt && echo ":x:E::jaildx::/bin/true:" > /mnt/register');
  const { out } = await runProgram('sh', ['-c', 'ls /proc/sys/fs/binfmt_misc/ 2>/dev/null']);
  assert.doesNotMatch(out, /^x$/m);
});

test('K32 a crash of a program with shell characters leaves nothing outside', async () => {
  const name = '/root/a;touch $(id)|x';
  await ssh(
    instance(),
    'alice',
    `cp /bin/sleep '${name}'; ulimit -c unlimited; '${name}' 50 & sleep 0.2; kill -SEGV $!; wait`,
  );
  const { out } = await runProgram('find', ['/', '-xdev', '-maxdepth', '1', '-name', 'core*']);
  assert.equal(out, '');
});
