import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { isAbsent } from '../errors/errno.js';
import { type CgroupPlace, type Controller, planCgroup } from '../jail/cgroup-limits.js';
import { parseCgroupMounts } from '../jail/cgroup-place.js';
import type { Jail, JailLimits } from '../store/jails.js';

/**
 * Refuses limits that this host cannot hold, before a record is written with which the jail would never start.
 * Fault: `jail-limit-impossible`, with the reason. Looks only: no group is made.
 */
export function requirePossibleLimits(config: Config, name: string, limits: JailLimits): void {
  // planCgroup asks a jail for its name and limits only.
  planCgroup({ name, limits } as Jail, config.jails, findCgroupPlace(config));
}

/** Which controllers groups of jails would have; null without a usable cgroup v2 hierarchy. */
function findCgroupPlace({ cgroup }: Pick<Config, 'cgroup'>): CgroupPlace | null {
  if (cgroup.root === 'none') return null;
  const path =
    cgroup.root === 'auto' ? parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'))[0] : cgroup.root;
  if (path === undefined) return null;
  const known: readonly Controller[] = ['memory', 'pids', 'cpu', 'io'];
  const offered = readWords(join(path, 'cgroup.controllers'));
  return { path, controllers: new Set(known.filter((name) => offered.includes(name))) };
}

function readWords(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(/\s+/);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
