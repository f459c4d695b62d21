/**
 * Entering a jail, groups X and M: the helper that joins a jail is host root for a moment. Past holes: its binary rewritten
 * through /proc (CVE-2019-5736), traced before it dropped rights (CVE-2016-9962), a descriptor of the host left open
 * (CVE-2024-21626), a hostile passwd file that hangs or promotes (CVE-2024-9676).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { counted } from '../support/full-mode.js';
import { jailRow, partsOf } from '../support/instance-parts.js';
import { residentBytes } from '../support/processes.js';
import { sha256 } from '../support/random-bytes.js';
import { mustSsh, ssh, startSsh } from '../support/ssh-client.js';
import { pause, until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance } = attackSuite('entering', { session: { enter_time: '4s' } }, async (made) => {
  await made.addAccount('victim');
});
const starts = counted(30, 200);

function keeperHash(): string {
  return sha256(readFileSync(path.join(instance().files.app, 'native/build/jail-keeper')));
}

test(`X01 a loop that opens every new process's program for writing changes nothing, ${starts} starts`, async () => {
  const before = keeperHash();
  const attack = startSsh(
    instance(),
    'alice',
    'echo armed; while :; do for p in /proc/[0-9]*; do (echo x >> $p/exe) 2>/dev/null && echo "wrote $p"; done; done',
    { input: () => undefined, deadlineMs: 120_000 },
  );
  await until('the attack runs', 10_000, () => attack.stdoutSoFar().includes('armed'));
  for (let n = 0; n < starts; n += 1) {
    await ssh(instance(), 'alice', 'true');
  }
  attack.child.kill('SIGKILL');
  await attack.ended;
  assert.equal(keeperHash(), before);
  await mustSsh(instance(), 'alice', 'pkill -f "[e]cho armed"; true');
});

test('X02 a shell that is a script for /proc/self/exe fails cleanly', async () => {
  const before = keeperHash();
  await mustSsh(
    instance(),
    'victim',
    'cp /bin/bash /root/bash.kept && printf "#!/proc/self/exe\\n" > /tmp/x && chmod 755 /tmp/x && rm /bin/bash /bin/sh && cp /tmp/x /bin/bash && cp /tmp/x /bin/sh',
  );
  const { code } = await ssh(instance(), 'victim', 'true');
  assert.notEqual(code, 0);
  assert.equal(keeperHash(), before);
  await instance().mustJailctl(['jail', 'reset', 'victim', '--yes'], { deadlineMs: 60_000 });
});

const tracer = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
print("armed", flush=True)
seen = set()
while True:
    for name in os.listdir("/proc"):
        if not name.isdigit() or name in seen or int(name) == os.getpid(): continue
        try: program = os.readlink("/proc/%s/exe" % name)
        except OSError: program = ""
        if program and "keeper" not in program:
            seen.add(name)
            continue
        if libc.ptrace(0x4206, int(name), 0, 0) == 0:
            try: now = os.readlink("/proc/%s/exe" % name)
            except OSError as e: now = "ended" if e.errno == 2 else "unreadable %d" % e.errno
            print("attached to", now, flush=True)
            seen.add(name)
        libc.waitpid(-1, None, 0x40000001) # a traced process that ends is ours to reap
        for file in ("environ", "maps", "mem", "fd", "cwd"):
            try:
                if file == "fd": text = str(os.listdir("/proc/%s/fd" % name))
                elif file == "cwd": text = os.readlink("/proc/%s/cwd" % name)
                else: text = open("/proc/%s/%s" % (name, file), "rb").read(4000).decode("latin1")
                if "jail-keeper" in text or "/var/tmp" in text: print("read", file, flush=True)
            except OSError: pass
`;

test(`X03 X04 X05 new processes cannot be traced or read before they run the user's program, ${starts} starts`, async () => {
  const attack = startSsh(instance(), 'alice', `exec python3 -c '${tracer.replaceAll("'", "'\\''")}'`, {
    input: () => undefined,
    deadlineMs: 120_000,
  });
  await until('the tracer runs', 10_000, () => attack.stdoutSoFar().includes('armed'));
  for (let n = 0; n < starts; n += 1) {
    await ssh(instance(), 'alice', 'true');
  }
  const found = attack.stdoutSoFar().toString();
  attack.child.kill('SIGKILL');
  await attack.ended;
  assert.doesNotMatch(found, /attached to .*(keeper|unreadable)|read /);
});

for (const [kind, command, flags] of [
  ['exec', 'ls -l /proc/self/fd', []],
  ['a terminal', 'ls -l /proc/self/fd', ['-tt']],
] as const) {
  test(`X07 a program under ${kind} has descriptors 0, 1 and 2 only`, async () => {
    const out = await mustSsh(instance(), 'alice', command, { flags, input: '' });
    const descriptors = [...out.matchAll(/ (\d+) -> (\S+)/g)].map((match) => [match[1], match[2]]);
    const foreign = descriptors.filter(([fd, target]) => Number(fd) > 2 && !/^\/proc\/\d+\/fd$/.test(target ?? ''));
    assert.deepEqual(foreign, [], out);
    assert.doesNotMatch(out, /socket:/);
  });
}

test('X07 the sftp server has descriptors 0, 1 and 2 only', async () => {
  const running = startSsh(instance(), 'alice', 'sftp', { flags: ['-s'], input: () => undefined });
  const out = await until('the sftp server is seen', 10_000, async () => {
    const shown = await ssh(instance(), 'alice', 'ls -l /proc/$(pgrep -f "[s]ftp-server" | head -1)/fd');
    return shown.code === 0 && shown.out.includes('->') ? shown.out : undefined;
  });
  running.child.kill();
  await running.ended;
  assert.deepEqual(
    [...out.matchAll(/ (\d+) -> /g)].map((match) => Number(match[1])).filter((fd) => fd > 2),
    [],
    out,
  );
});

test('X08 PID 1 and the shell have no variable of the server', async () => {
  const out = await mustSsh(instance(), 'alice', 'tr "\\0" "\\n" < /proc/1/environ; env');
  assert.doesNotMatch(out, /LISTEN_|NOTIFY_SOCKET|NODE_|JAILD|npm_|\/var\/tmp/i);
});

const hostilePasswds: readonly (readonly [string, string, 'works or fails' | 'fails'])[] = [
  ['M31 a FIFO', 'mkfifo /etc/passwd', 'works or fails'],
  ['M31 a directory', 'mkdir /etc/passwd', 'works or fails'],
  ['M31 a link to /dev/zero', 'ln -s /dev/zero /etc/passwd', 'works or fails'],
  ['M31 a link outside', 'ln -s /proc/1/root/etc/shadow /etc/passwd', 'works or fails'],
  ['M31 five gigabytes', 'truncate -s 5G /etc/passwd', 'works or fails'],
  ['M32 uid 4294967295', 'echo "root:x:4294967295:0::/root:/bin/sh" > /etc/passwd', 'fails'],
  ['M32 uid -1', 'echo "root:x:-1:0::/root:/bin/sh" > /etc/passwd', 'fails'],
  ['M32 uid 2^31', 'echo "root:x:2147483648:0::/root:/bin/sh" > /etc/passwd', 'fails'],
  ['M32 uid 0x0', 'echo "root:x:0x0:0::/root:/bin/sh" > /etc/passwd', 'fails'],
  ['M32 an empty uid', 'echo "root:x:::/root:/bin/sh" > /etc/passwd', 'fails'],
];

for (const [name, make, sound] of hostilePasswds) {
  test(`${name} as /etc/passwd: the login ${sound} soon and memory stays flat`, async () => {
    const memory = () => partsOf(instance(), 'jail-keeper').reduce((sum, { pid }) => sum + residentBytes(pid), 0);
    await mustSsh(instance(), 'victim', 'true');
    const before = memory();
    await mustSsh(instance(), 'victim', `rm -rf /etc/passwd; ${make}`);
    const from = Date.now();
    const { code, err } = await ssh(instance(), 'victim', 'id -u', { deadlineMs: 15_000 });
    assert.ok(Date.now() - from < 6_000, `took ${Date.now() - from} ms`);
    assert.ok(memory() - before < 20_000_000);
    if (sound === 'fails') {
      assert.notEqual(code, 0);
    }
    assert.doesNotMatch(err, /\/var\/tmp|jail-keeper/);
    await instance().mustJailctl(['jail', 'reset', 'victim', '--yes'], { deadlineMs: 60_000 });
  });
}

for (const [name, make] of [
  ['a link outside', 'rm -rf /root; ln -s /proc/1/root/../../etc /root'],
  ['missing', 'rm -rf /root'],
  ['unreadable', 'chmod 0 /root; chown 4000 /root'],
] as const) {
  test(`M33 a home that is ${name} leads to a place inside`, async () => {
    await mustSsh(instance(), 'victim', make);
    const { code, out } = await ssh(instance(), 'victim', 'pwd -P');
    assert.equal(code, 0);
    assert.match(out, /^\/(root|etc)?$/);
    await instance().mustJailctl(['jail', 'reset', 'victim', '--yes'], { deadlineMs: 60_000 });
  });
}

for (const [name, shell, status] of [
  ['missing', '/bin/none', 127],
  ['a directory', '/etc', 126],
  ['not executable', '/etc/hostname', 126],
] as const) {
  test(`M34 a shell that is ${name} ends with ${status} and a clear word`, async () => {
    await mustSsh(instance(), 'victim', `sed -i 's|^root:.*|root:x:0:0::/root:${shell}|' /etc/passwd`);
    const { code, err } = await ssh(instance(), 'victim', 'true');
    assert.equal(code, status, err);
    assert.notEqual(err, '');
    await instance().mustJailctl(['jail', 'reset', 'victim', '--yes'], { deadlineMs: 60_000 });
  });
}

test('X28 a login into a frozen jail fails by its deadline and piles nothing up', async () => {
  await mustSsh(instance(), 'victim', 'true');
  const { initPid } = await jailRow(instance(), 'victim');
  process.kill(initPid ?? 0, 'SIGSTOP');
  try {
    const from = Date.now();
    await Promise.all(Array.from({ length: 12 }, () => ssh(instance(), 'victim', 'true', { deadlineMs: 30_000 })));
    assert.ok(Date.now() - from < 20_000);
  } finally {
    process.kill(initPid ?? 0, 'SIGCONT');
  }
  assert.equal((await ssh(instance(), 'victim', 'echo back')).out, 'back');
});

test('X32 ten thousand zombies are reaped', async () => {
  await mustSsh(instance(), 'alice', 'for i in $(seq 1 2000); do (sleep 0 &) ; done; wait');
  await pause(200);
  const zombies = await mustSsh(instance(), 'alice', 'grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l');
  assert.equal(zombies.trim(), '0');
});

test('X30 a terminal is the jail’s own even when its /dev/pts entry is tampered with', async () => {
  const attack = startSsh(instance(), 'alice', 'echo armed; while :; do rm -f /dev/pts/[0-9]*; done 2>/dev/null', {
    input: () => undefined,
  });
  await until('armed', 10_000, () => attack.stdoutSoFar().includes('armed'));
  const { out } = await ssh(instance(), 'alice', 'test -t 0 && echo is-terminal', { flags: ['-tt'], input: '' });
  attack.child.kill('SIGKILL');
  await attack.ended;
  assert.match(out, /is-terminal/);
  await mustSsh(instance(), 'alice', 'pkill -f "[e]cho armed"; true');
});
