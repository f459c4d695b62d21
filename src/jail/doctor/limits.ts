import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/schema.js';
import type { Controller } from '../cgroup-limits.js';
import { parseCgroupMounts } from '../cgroup-place.js';
import { type DoctorFinding, degraded, missing, ok } from './finding.js';

const limitOf: Readonly<Record<Controller, string>> = {
  memory: 'memory and swap',
  pids: 'processes',
  cpu: 'processor time',
  io: 'disk throughput',
};
const bootFix =
  'boot with systemd.unified_cgroup_hierarchy=1 (or cgroup_no_v1=all), so that the controllers are in cgroup v2';

/** File systems by their magic (statfs(2)): whether jails can lie on them. */
const fileSystems: Readonly<Record<number, { name: string; isGood: boolean }>> = {
  61267: { name: 'ext4', isGood: true },
  1481003842: { name: 'xfs', isGood: true },
  2435016766: { name: 'btrfs', isGood: true },
  16914836: { name: 'tmpfs', isGood: true },
  4076150800: { name: 'f2fs', isGood: true },
  2035054128: { name: 'overlay', isGood: false },
  26985: { name: 'nfs', isGood: false },
  1702057286: { name: 'fuse', isGood: false },
};

/** Which limits the host can hold, and whether the state directory lies where jails can. */
export function examineLimits(config: Pick<Config, 'cgroup' | 'server'>): DoctorFinding[] {
  return [...examineControllers(config), examineStateDir(config.server.stateDir), examineQuota()];
}

function examineControllers({ cgroup }: Pick<Config, 'cgroup'>): DoctorFinding[] {
  if (cgroup.root === 'none')
    return [
      degraded(
        'cgroup v2',
        'switched off ([cgroup] root = none): no memory, cpu or io limits',
        'set [cgroup] root = auto',
      ),
    ];
  const path =
    cgroup.root === 'auto' ? parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'))[0] : cgroup.root;
  if (path === undefined) return [degraded('cgroup v2', 'not mounted: no memory, cpu or io limits', bootFix)];
  const file = join(path, 'cgroup.controllers');
  if (!existsSync(file)) return [missing('cgroup v2', `${path} is no cgroup v2 group`, 'set [cgroup] root = auto')];
  const offered = readFileSync(file, 'utf8').trim().split(/\s+/);
  const names = Object.keys(limitOf) as Controller[];
  return [ok('cgroup v2', path), ...names.map((name) => examineController(name, offered))];
}

function examineController(name: Controller, offered: readonly string[]): DoctorFinding {
  const what = `limit: ${name}`;
  if (offered.includes(name)) return ok(what, limitOf[name]);
  if (name === 'pids') return ok(what, 'processes (held by RLIMIT_NPROC; the controller is not in cgroup v2)');
  const reason = `the controller is not in cgroup v2: no limit of ${limitOf[name]}; jails that ask for one do not start`;
  return degraded(what, reason, bootFix);
}

function examineStateDir(stateDir: string): DoctorFinding {
  const what = 'state directory';
  const place = nearestExisting(stateDir);
  const found = fileSystems[Number(statfsSync(place).type)];
  if (found === undefined)
    return degraded(
      what,
      `${stateDir} is on a file system that was not tried with jaild`,
      'put [server] state_dir on ext4, xfs or btrfs',
    );
  if (found.isGood) return ok(what, `${stateDir} on ${found.name}`);
  return missing(
    what,
    `${stateDir} is on ${found.name}, where overlays or idmapped mounts do not work`,
    'put [server] state_dir on ext4, xfs or btrfs',
  );
}

function examineQuota(): DoctorFinding {
  return degraded(
    'limit: disk',
    'this version holds no disk limit; jails that ask for one do not start',
    'keep the state directory on a file system of its own, so that jails cannot fill the host',
  );
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === '/' ? path : nearestExisting(dirname(path));
}
