import { mkdirSync, readdirSync, readFileSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { isAbsent, isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import type { CgroupPlace, Controller } from './cgroup-limits.js';
import { instanceMark } from './network-addresses.js';

const cgroup2Magic = 0x63677270;
const controllers: readonly Controller[] = ['memory', 'pids', 'cpu', 'io'];
const keeperUnit = 'system.slice/jaild-keeper.service';

/** Mount points of cgroup v2 in a text like /proc/self/mountinfo. */
export function parseCgroupMounts(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , point = ''] = before.split(' ');
    return after.startsWith('cgroup2 ') && point !== '' ? [unescapeMountPoint(point)] : [];
  });
}

function unescapeMountPoint(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * Makes (or finds) the group below which jails get theirs, and switches on the controllers that the hierarchy offers.
 * `[cgroup] root`: none = null; a path = that one (a fault when it is no cgroup v2); auto = the keeper unit's delegated group, else a
 * group of this instance's at the top of the hierarchy; null when there is no hierarchy or it is read-only.
 */
export function prepareCgroupPlace(config: Pick<Config, 'cgroup' | 'server'>): CgroupPlace | null {
  const { root } = config.cgroup;
  if (root === 'none') return null;
  const parent = root === 'auto' ? findParent() : root;
  if (parent === null) return null;
  requireCgroupFs(parent);
  const path = join(parent, `jaild-${instanceMark(config.server.runDir)}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (cause) {
    // Expected for auto: a read-only hierarchy, or one that is not ours.
    if (root === 'auto' && isErrno(cause, 'EROFS', 'EACCES', 'EPERM')) return null;
    throw new JaildError('jail-limit-impossible', `the group ${path} cannot be made`, { cause });
  }
  clearInnerProcesses(parent);
  for (const group of [parent, path]) enableControllers(group);
  const enabled = readWords(join(path, 'cgroup.subtree_control'));
  return { path, controllers: new Set(controllers.filter((name) => enabled.includes(name))) };
}

/** Removes the instance's group and what is left below it; groups that still hold processes stay. A second call is harmless. */
export function removeCgroupPlace(place: CgroupPlace): void {
  removeGroup(place.path);
}

function removeGroup(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroup(join(path, entry.name));
    rmdirSync(path);
  } catch (error) {
    if (!isAbsent(error) && !isErrno(error, 'EBUSY')) throw error;
  }
}

function findParent(): string | null {
  const [mount] = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mount === undefined) return null;
  const unit = join(mount, keeperUnit);
  return isCgroupFs(unit) ? unit : mount;
}

function isCgroupFs(path: string): boolean {
  try {
    return statfsSync(path).type === cgroup2Magic;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function requireCgroupFs(path: string): void {
  if (isCgroupFs(path)) return;
  throw new JaildError('jail-limit-impossible', `[cgroup] root ${path} is not in a cgroup v2 hierarchy`, {
    fields: { path },
  });
}

/** A delegated unit holds its own processes; a group with processes cannot give controllers to groups below it. */
function clearInnerProcesses(group: string): void {
  if (!group.endsWith(keeperUnit)) return;
  const leaf = join(group, 'keeper');
  mkdirSync(leaf, { recursive: true, mode: 0o755 });
  for (const pid of readWords(join(group, 'cgroup.procs'))) {
    try {
      writeFileSync(join(leaf, 'cgroup.procs'), pid);
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error; // it ended meanwhile
    }
  }
}

function enableControllers(group: string): void {
  const offered = readWords(join(group, 'cgroup.controllers'));
  for (const name of controllers.filter((controller) => offered.includes(controller))) {
    try {
      writeFileSync(join(group, 'cgroup.subtree_control'), `+${name}`);
    } catch (error) {
      // Expected: the group holds processes (EBUSY), or the controller is bound elsewhere. It then counts as missing.
      if (!isErrno(error, 'EBUSY', 'EINVAL', 'ENOENT', 'EACCES', 'EPERM')) throw error;
    }
  }
}

function readWords(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split(/\s+/)
      .filter((word) => word !== '');
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
