import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type RootTree, systemId } from '../root-tree.js';
import { isAsShipped, listPackageDirectories, parseConffiles, readDpkgStatus } from './dpkg-state.js';

/**
 * What is taken from the host's /etc besides the packages' own unchanged files: made at installation, the same on every host
 * of its kind, and needed for programs to start. Files that others cannot read are never taken.
 */
const allowed: readonly string[] = [
  'adduser.conf',
  'alternatives',
  'bash.bashrc',
  'ca-certificates',
  'ca-certificates.conf',
  'debian_version',
  'default/locale',
  'default/useradd',
  'dpkg',
  'environment',
  'fonts',
  'gai.conf',
  'host.conf',
  'inputrc',
  'issue',
  'issue.net',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'locale.alias',
  'locale.gen',
  'localtime',
  'login.defs',
  'networks',
  'nsswitch.conf',
  'os-release',
  'pam.conf',
  'pam.d',
  'profile',
  'protocols',
  'rmt',
  'rpc',
  'services',
  'shells',
  'skel',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
  'ucf.conf',
];

/** Never taken, whatever a recipe asks for: they are generated, or they are the host's identity. */
const generated = new Set([
  'passwd',
  'group',
  'shadow',
  'gshadow',
  'subuid',
  'subgid',
  'passwd-',
  'group-',
  'shadow-',
  'gshadow-',
  'subuid-',
  'subgid-',
  'hosts',
  'hostname',
  'resolv.conf',
  'mtab',
  'machine-id',
  'fstab',
  'sudoers.d',
]);

const aptNames =
  /^(?:sources\.list|trusted\.gpg|preferences|apt\.conf|(?:sources\.list\.d|trusted\.gpg\.d|keyrings|preferences\.d|apt\.conf\.d)\/[A-Za-z0-9_.-]+)$/;
const userInfoInUrl = /\/\/[^/\s"']*@/;

const defaultSudoers =
  'Defaults env_reset\nDefaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n';

/** Fills /etc (and the empty directories that packages own elsewhere). `extra` are further names below /etc from the recipe. */
export async function buildHostEtc(tree: RootTree, extra: readonly string[]): Promise<void> {
  await buildPackageDirectories(tree);
  for (const conffile of parseConffiles(await readDpkgStatus())) {
    const path = conffile.path.slice(1);
    if (isWanted(path) && (await isAsShipped(conffile))) await tree.copyPublic(conffile.path, path, { anyMode: true });
  }
  for (const name of [...allowed, ...extra]) await copyBelow(tree, posix.join('etc', name));
  await copyAptConfiguration(tree);
  if (!(await tree.has('etc/sudoers'))) await tree.file('etc/sudoers', defaultSudoers, { mode: 0o440 });
}

function isWanted(path: string): boolean {
  const [top, second = ''] = path.split('/');
  return top === 'etc' && !generated.has(second);
}

async function buildPackageDirectories(tree: RootTree): Promise<void> {
  for (const hostPath of await listPackageDirectories()) {
    const path = hostPath.slice(1);
    const { mode, uid, gid } = await lstat(hostPath);
    if (!/^(?:var\/(?:run|lock|tmp))(?:\/|$)/.test(path))
      await tree.directory(path, { mode: mode & 0o7777, uid: systemId(uid), gid: systemId(gid) });
  }
}

async function copyBelow(tree: RootTree, path: string): Promise<void> {
  if (!isWanted(path)) return;
  const hostPath = join('/', path);
  const stat = await lstat(hostPath).catch(() => null); // expected: this host has none
  if (stat === null) return;
  if (!stat.isDirectory()) {
    await tree.copyPublic(hostPath, path);
  } else if ((stat.mode & 0o005) === 0o005) {
    await tree.directory(path, { mode: stat.mode & 0o7777, uid: systemId(stat.uid), gid: systemId(stat.gid) });
    for (const name of await readdir(hostPath)) await copyBelow(tree, posix.join(path, name));
  }
}

/** apt's sources, keys and settings, so that `apt-get` works at once; auth.conf is never taken, nor a file with a password in a URL. */
async function copyAptConfiguration(tree: RootTree): Promise<void> {
  for (const name of await listApt('')) {
    if (!aptNames.test(name)) continue;
    const content = await readFile(join('/etc/apt', name), 'latin1').catch(() => null); // expected: a link to nowhere
    if (content !== null && !userInfoInUrl.test(content))
      await tree.copyPublic(join('/etc/apt', name), posix.join('etc/apt', name));
  }
}

async function listApt(below: string): Promise<string[]> {
  const entries = await readdir(join('/etc/apt', below), { withFileTypes: true }).catch(() => []); // expected: no apt
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const name = posix.join(below, entry.name);
      return entry.isDirectory() ? await listApt(name) : [name];
    }),
  );
  return nested.flat();
}
