import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Instance } from '../../support/instance.js';
import { jailRows, partsOf } from '../../support/instance-parts.js';
import { processesOf } from '../../support/invariants.js';
import { mustRun } from '../../support/program.js';
import { type Comparison, judge, measure, type Result, type Variant } from '../measurement.js';
import type { NativePrograms } from '../native-programs.js';
import { mountPeerRoot, type PeerRoot } from '../peers/root-file-system.js';

/** bubblewrap with the same root, private namespaces, and the mounts that a jail has. It has no network but loopback. */
function bubblewrap(root: PeerRoot): string[] {
  const mounts = [
    '--bind',
    root.path,
    '/',
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    '--tmpfs',
    '/tmp',
    '--tmpfs',
    '/run',
    '--ro-bind',
    '/sys',
    '/sys',
  ];
  return ['--unshare-all', '--die-with-parent', ...mounts, '--', '/bin/true'];
}

/** Starts a jail that does not run; its stop is not counted. */
function startVariant(instance: Instance, native: NativePrograms, name: string, jail: string): Variant {
  const socket = path.join(instance.files.runDir, 'admin.sock');
  return {
    name,
    sample: async () => {
      const ms = await native.time(native.doorClient, socket, 'start', jail);
      await mustRun(native.doorClient, [socket, 'stop', jail]);
      return ms;
    },
  };
}

function comparisons(instance: Instance, native: NativePrograms, root: PeerRoot): Comparison[] {
  const socket = path.join(instance.files.runDir, 'admin.sock');
  const bwrap: Variant = { name: 'bubblewrap', sample: () => native.time('bwrap', ...bubblewrap(root)) };
  return [
    {
      name: 'start a jail (no network)',
      unit: 'ms',
      rounds: 60,
      warmUp: 5,
      variants: [startVariant(instance, native, 'jaild', 'quiet'), bwrap],
      goal: { peer: 'bubblewrap', ratio: 1, is: 'at most' },
    },
    {
      name: 'start a jail (nat)',
      unit: 'ms',
      rounds: 40,
      warmUp: 5,
      variants: [startVariant(instance, native, 'jaild', 'connected'), bwrap],
    },
    {
      name: 'enter a running jail',
      unit: 'ms',
      rounds: 100,
      warmUp: 10,
      variants: [
        { name: 'jaild', sample: () => native.time(native.doorClient, socket, 'enter', 'running', '/bin/true') },
        { name: 'chroot', sample: () => native.time('chroot', root.path, '/bin/true') },
        bwrap,
      ],
      goal: { peer: 'chroot', ratio: 1.3, is: 'at most' },
    },
  ];
}

/** Kernel memory that is not a page of a file or a process, in bytes. */
function kernelBytes(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return (
    ['Slab', 'KernelStack', 'PageTables', 'SecPageTables', 'Percpu', 'VmallocUsed'].reduce(
      (sum, name) => sum + kilobytes(name),
      0,
    ) * 1024
  );
}

function proportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(readRollup(pid))?.[1] ?? 0) * 1024, 0);
}

function readRollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  } catch {
    return ''; // expected: it has just ended
  }
}

/** Memory per idle running jail: its processes' share plus kernel memory, from the difference that many jails make. */
async function memoryPerJail(instance: Instance, count: number): Promise<Result> {
  const names = Array.from({ length: count }, (_, index) => `idle${index}`);
  for (const name of names) {
    await instance.addAccount(name, { args: ['--pids', '200'] });
  }
  const before = { kernel: kernelBytes(), pids: new Set(processesOf(instance.footprint).map(({ pid }) => pid)) };
  for (const name of names) {
    await instance.mustJailctl(['jail', 'start', name]);
  }
  const own = processesOf(instance.footprint)
    .map(({ pid }) => pid)
    .filter((pid) => !before.pids.has(pid));
  const total = proportionalBytes(own) + kernelBytes() - before.kernel;
  const running = (await jailRows(instance)).filter((row) => row.state === 'running' && row.name.startsWith('idle'));
  if (running.length !== count || partsOf(instance, 'jail-keeper').length < count) {
    throw new Error(`${running.length} of ${count} jails run`);
  }
  const comparison: Comparison = {
    name: `memory of an idle running jail (nat, limits; over ${count})`,
    unit: 'MB',
    rounds: 1,
    warmUp: 0,
    variants: [{ name: 'jaild', sample: () => Promise.resolve(total / count / 1e6) }],
    limit: 1,
  };
  return judge(comparison, [[total / count / 1e6]]);
}

export async function measureJails(instance: Instance, native: NativePrograms): Promise<Result[]> {
  await instance.addAccount('quiet', { args: ['--network', 'none'] });
  await instance.addAccount('connected');
  await instance.addAccount('running');
  await instance.mustJailctl(['jail', 'start', 'running']);
  const root = await mountPeerRoot(instance);
  try {
    const results: Result[] = [];
    for (const comparison of comparisons(instance, native, root)) {
      results.push(await measure(comparison));
    }
    results.push(await memoryPerJail(instance, 100));
    return results;
  } finally {
    await root.remove();
  }
}
