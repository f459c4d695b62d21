import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Jail } from '../store/jails.js';
import type { JailSpec } from './spec.js';

export type Controller = 'memory' | 'pids' | 'cpu' | 'io';

/** A group of the cgroup v2 hierarchy below which the groups of jails are made. */
export interface CgroupPlace {
  readonly path: string;
  /** Controllers that work for groups made in it. */
  readonly controllers: ReadonlySet<Controller>;
}

interface Wanted {
  readonly what: string;
  readonly controller: Controller;
  readonly file: string;
  readonly value: string;
}

const cpuPeriodUs = 100_000;

/**
 * The jail's group with its limits. Fails closed: a limit that is set and cannot be held is `jail-limit-impossible`.
 * The number of processes is held by RLIMIT_NPROC in any case, and by pids.max where that works.
 */
export function planCgroup(jail: Jail, defaults: Config['jails'], place: CgroupPlace | null): JailSpec['cgroup'] {
  refuseDiskLimit(jail, defaults);
  const wanted = wantedLimits(jail, defaults);
  const missing = wanted.find((limit) => place?.controllers.has(limit.controller) !== true);
  if (missing !== undefined) {
    const why =
      place === null
        ? 'there is no cgroup v2 hierarchy that jaild may use'
        : `the controller "${missing.controller}" is not available in the cgroup v2 hierarchy`;
    throw new JaildError(
      'jail-limit-impossible',
      `jail ${jail.name} has a ${missing.what} limit, but ${why}; remove the limit or boot the host with cgroup v2`,
      {
        fields: { jail: jail.name, limit: missing.what },
      },
    );
  }
  if (place === null) return null;
  const pids: Wanted[] = [
    { what: 'process', controller: 'pids', file: 'pids.max', value: String(jail.limits.pids ?? defaults.pids) },
  ];
  const held = [...wanted, ...pids].filter((limit) => place.controllers.has(limit.controller));
  return { path: join(place.path, jail.name), limits: held.map(({ file, value }) => [file, value] as const) };
}

function wantedLimits(jail: Jail, defaults: Config['jails']): Wanted[] {
  const memory = jail.limits.memoryBytes ?? defaults.memoryBytes;
  const swap = jail.limits.swapBytes ?? defaults.swapBytes;
  const cpu = jail.limits.cpuPercent ?? defaults.cpuPercent;
  const wanted: Wanted[] = [];
  if (memory !== undefined)
    wanted.push({ what: 'memory', controller: 'memory', file: 'memory.max', value: String(memory) });
  if (swap !== undefined)
    wanted.push({ what: 'swap', controller: 'memory', file: 'memory.swap.max', value: String(swap) });
  if (cpu !== undefined) {
    const quotaUs = Math.max(1000, Math.round((cpu * cpuPeriodUs) / 100));
    wanted.push({ what: 'cpu', controller: 'cpu', file: 'cpu.max', value: `${quotaUs} ${cpuPeriodUs}` });
  }
  return wanted;
}

function refuseDiskLimit(jail: Jail, defaults: Config['jails']): void {
  const { diskBytes = defaults.diskBytes, diskInodes } = jail.limits;
  if (diskBytes === undefined && diskInodes === undefined) return;
  throw new JaildError(
    'jail-limit-impossible',
    `jail ${jail.name} has a disk limit, and this version of jaild cannot hold one on this host; remove the limit`,
    {
      fields: { jail: jail.name, limit: 'disk' },
    },
  );
}
