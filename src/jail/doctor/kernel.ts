import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { isAbsent, isForbidden } from '../../errors/errno.js';
import { type DoctorFinding, degraded, missing, ok } from './finding.js';

const oldestKernel = [6, 1] as const;

/** What the kernel itself must offer. */
export function examineKernel(): DoctorFinding[] {
  return [
    examineVersion(),
    examineUserNamespaces(),
    examineNamespaces(),
    examineOverlay(),
    examineSeccomp(),
    ...examineDevices(),
  ];
}

function examineVersion(): DoctorFinding {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const isEnough = major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]);
  if (isEnough) return ok('kernel', release());
  return missing(
    'kernel',
    `${release()} is older than ${oldestKernel.join('.')} (idmapped mounts below overlays)`,
    'boot a newer kernel; Debian: apt-get install linux-image-amd64',
  );
}

function examineUserNamespaces(): DoctorFinding {
  const what = 'user namespaces';
  const limit = Number(read('/proc/sys/user/max_user_namespaces'));
  if (existsSync('/proc/self/ns/user') && limit > 0) return ok(what, `up to ${limit}`);
  return missing(
    what,
    limit === 0 ? 'user.max_user_namespaces is 0' : 'the kernel has none',
    'sysctl -w user.max_user_namespaces=63000',
  );
}

function examineNamespaces(): DoctorFinding {
  const what = 'other namespaces';
  const absent = ['mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'time'].filter(
    (name) => !existsSync(`/proc/self/ns/${name}`),
  );
  if (absent.length === 0) return ok(what, 'mount, pid, net, uts, ipc, cgroup, time');
  if (absent.every((name) => name === 'time'))
    return degraded(what, 'no time namespace: uptime inside is that of the host', 'boot a kernel with CONFIG_TIME_NS');
  return missing(what, `the kernel has none of: ${absent.join(', ')}`, 'boot a distribution kernel');
}

function examineOverlay(): DoctorFinding {
  const hasIt = /^nodev\toverlay$/m.test(read('/proc/filesystems'));
  return hasIt
    ? ok('overlay', 'in the kernel')
    : missing(
        'overlay',
        'the kernel does not know the file system',
        'modprobe overlay (and put "overlay" into /etc/modules-load.d/jaild.conf)',
      );
}

function examineSeccomp(): DoctorFinding {
  const actions = read('/proc/sys/kernel/seccomp/actions_avail');
  return actions.includes('errno')
    ? ok('seccomp', 'filters work')
    : missing('seccomp', 'the kernel has no seccomp filters', 'boot a kernel with CONFIG_SECCOMP_FILTER');
}

function examineDevices(): DoctorFinding[] {
  return [
    ['fuse', '/dev/fuse', 'modprobe fuse'],
    ['net/tun', '/dev/net/tun', 'modprobe tun'],
  ].map(([name = '', path = '', fix = '']) =>
    existsSync(path)
      ? ok(`device ${name}`, 'can be given to jails')
      : degraded(`device ${name}`, `there is no ${path}: jails cannot be given it`, fix),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsent(error) || isForbidden(error)) return '';
    throw error;
  }
}
