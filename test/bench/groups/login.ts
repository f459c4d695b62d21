import type { Instance } from '../../support/instance.js';
import { processesOf } from '../../support/invariants.js';
import { mustRun } from '../../support/program.js';
import { sshSettings } from '../../support/ssh-client.js';
import { type Comparison, measure, type Result } from '../measurement.js';
import type { NativePrograms } from '../native-programs.js';
import { mountPeerRoot } from '../peers/root-file-system.js';
import { type SshdPeer, startSshd } from '../peers/sshd.js';
import { makeProcessorMeter } from '../processor-time.js';

/** Both ends use the same key exchange, host key and cipher, whatever either would have preferred. */
const algorithms = [
  'KexAlgorithms=curve25519-sha256',
  'HostKeyAlgorithms=ssh-ed25519',
  'Ciphers=aes128-gcm@openssh.com',
].flatMap((option) => ['-o', option]);

const user = 'bench';

function sshArgs(instance: Instance, port: number, login: string, command: string): string[] {
  return [...sshSettings(instance), ...algorithms, '-p', String(port), `${login}@127.0.0.1`, command];
}

/** Milliseconds per login when `count` run at a time, from the start of the first to the end of the last. */
async function loginsPerSecond(args: readonly string[], width: number, count: number): Promise<number> {
  const from = process.hrtime.bigint();
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await mustRun('ssh', args);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return (count * 1e9) / Number(process.hrtime.bigint() - from);
}

interface Peers {
  readonly plain: SshdPeer;
  readonly chroot: SshdPeer;
}

function comparisons(instance: Instance, native: NativePrograms, peers: Peers): Comparison[] {
  const targets = [
    { name: 'jaild', args: sshArgs(instance, instance.files.port, user, 'true') },
    { name: 'sshd + ChrootDirectory', args: sshArgs(instance, peers.chroot.port, 'root', 'true') },
    { name: 'sshd', args: sshArgs(instance, peers.plain.port, 'root', 'true') },
  ];
  const atOnce = [1, 8].map(
    (width): Comparison => ({
      name: `new logins per second, ${width} at once`,
      unit: 'logins/s',
      rounds: 5,
      warmUp: 1,
      variants: targets.map(({ name, args }) => ({ name, sample: () => loginsPerSecond(args, width, width * 10) })),
      ...(width === 8 ? { goal: { peer: 'sshd', ratio: 2.5, is: 'at least' } as const } : {}),
    }),
  );
  return [
    {
      name: 'ssh host true',
      unit: 'ms',
      rounds: 60,
      warmUp: 5,
      variants: targets.map(({ name, args }) => ({ name, sample: () => native.time('ssh', ...args) })),
      goal: { peer: 'sshd + ChrootDirectory', ratio: 0.7, is: 'at most' },
    },
    ...atOnce,
  ];
}

/** Processor time of the server per login, over many logins one after the other. */
async function processorTime(instance: Instance, peers: Peers): Promise<Result> {
  const rounds = 10;
  const each = 10;
  const ours = makeProcessorMeter('jaild');
  const theirs = makeProcessorMeter('sshd');
  for (const { pid } of processesOf(instance.footprint)) {
    ours.add(pid);
  }
  theirs.add(peers.chroot.process.pid ?? 0);
  const sample = async (meter: typeof ours, port: number, login: string) => {
    const before = meter.milliseconds();
    for (let n = 0; n < each; n += 1) {
      await mustRun('ssh', sshArgs(instance, port, login, 'true'));
    }
    return (meter.milliseconds() - before) / each;
  };
  const comparison: Comparison = {
    name: 'processor time of the server per login',
    unit: 'ms',
    rounds,
    warmUp: 1,
    limit: 15,
    variants: [
      { name: 'jaild', sample: () => sample(ours, instance.files.port, user) },
      { name: 'sshd + ChrootDirectory', sample: () => sample(theirs, peers.chroot.port, 'root') },
    ],
  };
  const result = await measure(comparison);
  ours.remove();
  theirs.remove();
  return result;
}

export async function measureLogins(instance: Instance, native: NativePrograms): Promise<Result[]> {
  await instance.addAccount(user);
  const root = await mountPeerRoot(instance);
  const peers = {
    plain: await startSshd(instance, 'sshd'),
    chroot: await startSshd(instance, 'sshd-chroot', root.path),
  };
  try {
    await mustRun('ssh', sshArgs(instance, instance.files.port, user, 'true'));
    const results: Result[] = [];
    for (const comparison of comparisons(instance, native, peers)) {
      results.push(await measure(comparison));
    }
    results.push(await processorTime(instance, peers));
    return results;
  } finally {
    await peers.plain.stop();
    await peers.chroot.stop();
    await root.remove();
  }
}
