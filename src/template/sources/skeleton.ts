import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RootTree } from '../root-tree.js';

/** Files with this first line are the jail's own: the keeper writes them anew at each start. */
const writtenAtStart = '# jaild\n';

const emptyDirectories: Readonly<Record<string, number>> = {
  dev: 0o755,
  proc: 0o555,
  sys: 0o555,
  run: 0o755,
  tmp: 0o1777,
  home: 0o755,
  srv: 0o755,
  opt: 0o755,
  mnt: 0o755,
  media: 0o755,
  boot: 0o755,
  etc: 0o755,
  var: 0o755,
  'var/tmp': 0o1777,
};

/**
 * Makes the places at which the keeper mounts or writes real directories and files, whatever was there: none is a link
 * (a link there is the classic way to make a mount land elsewhere: CVE-2025-31133 and its kin).
 */
export async function buildSafeBase(tree: RootTree): Promise<void> {
  for (const [path, mode] of Object.entries(emptyDirectories)) await tree.directory(path, { mode });
  for (const name of ['resolv.conf', 'hostname', 'hosts'])
    await tree.file(`etc/${name}`, writtenAtStart, { mode: 0o644 });
}

/** Root's home from the host's /etc/skel (public files only). */
export async function buildRootHome(tree: RootTree): Promise<void> {
  await tree.directory('root', { mode: 0o700 });
  for (const name of await readdir('/etc/skel').catch(() => []))
    await tree.copyPublic(join('/etc/skel', name), `root/${name}`); // expected: no skel
}

const localDirectories = ['bin', 'etc', 'games', 'include', 'lib', 'sbin', 'share', 'src'];

/** An empty /usr/local and /usr/src: the host's own are not shown. */
export async function buildEmptyLocal(tree: RootTree): Promise<void> {
  for (const name of localDirectories) await tree.directory(`usr/local/${name}`, { mode: 0o755 });
  await tree.link('usr/local/man', 'share/man');
  await tree.directory('usr/src', { mode: 0o755 });
}

/** What programs expect in /var besides the directories of their packages. */
export async function buildVariableFiles(tree: RootTree): Promise<void> {
  const utmp = await groupId('utmp');
  await tree.link('var/run', '/run');
  await tree.link('var/lock', '/run/lock');
  await tree.file('var/log/wtmp', '', { mode: 0o664, gid: utmp });
  await tree.file('var/log/btmp', '', { mode: 0o660, gid: utmp });
  await tree.file('var/log/lastlog', '', { mode: 0o664, gid: utmp });
  await tree.link('etc/mtab', '../proc/self/mounts');
}

/** Names of the top-level directories that hold programs and libraries, and whether the host has merged them into /usr. */
export async function listSystemDirectories(): Promise<{ name: string; merged: boolean }[]> {
  const names = (await readdir('/')).filter((name) => /^(?:bin|sbin|lib(?:32|64|x32|o32)?)$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, merged: (await lstat(join('/', name))).isSymbolicLink() })));
}

async function groupId(name: string): Promise<number> {
  const line = (await readFile('/etc/group', 'utf8')).split('\n').find((entry) => entry.startsWith(`${name}:`));
  return Number(line?.split(':')[2] ?? 0);
}
