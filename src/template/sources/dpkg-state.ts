import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const statusPath = '/var/lib/dpkg/status';
const infoPath = '/var/lib/dpkg/info';

/** Taken whole (as a snapshot), so that apt and dpkg inside know what is installed. */
export const packageDatabases: readonly string[] = ['var/lib/dpkg', 'var/lib/apt', 'var/lib/pam'];

/** A configuration file that a package brought, with the MD5 (dpkg's choice) of what it brought. */
export interface Conffile {
  readonly path: string;
  readonly md5: string;
}

/** The text of dpkg's status, or an empty one on a host without dpkg. */
export async function readDpkgStatus(): Promise<string> {
  return readFile(statusPath, 'utf8').catch(() => ''); // expected: not a Debian host
}

/** The `Conffiles:` entries of all packages (deb-conffiles(5)); obsolete ones are left out. */
export function parseConffiles(status: string): Conffile[] {
  const found: Conffile[] = [];
  let inside = false;
  for (const line of status.split('\n')) {
    if (!line.startsWith(' ')) inside = line.startsWith('Conffiles:');
    else if (inside) {
      const match = /^ (\/\S+) ([0-9a-f]{32})$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined) found.push({ path: match[1], md5: match[2] });
    }
  }
  return found;
}

/** True when the host's file still is what the package shipped, and so holds nothing of this host's own. */
export async function isAsShipped(conffile: Conffile): Promise<boolean> {
  const stat = await lstat(conffile.path).catch(() => null); // expected: removed by the admin
  if (stat === null || !stat.isFile()) return false;
  const content = await readFile(conffile.path).catch(() => null); // expected: vanished
  return content !== null && createHash('md5').update(content).digest('hex') === conffile.md5;
}

/** Directories outside /usr that packages own and that exist as such on the host, parents first: the shape of /etc, /var, /srv and so on, without the package databases. */
export async function listPackageDirectories(): Promise<string[]> {
  const lists = (await readdir(infoPath).catch(() => [])).filter((name) => name.endsWith('.list')); // expected: no dpkg
  const paths = new Set<string>();
  for (const name of lists) {
    for (const line of (await readFile(join(infoPath, name), 'utf8')).split('\n')) {
      if (/^\/(?:etc|var|srv|opt|home|media|mnt|boot)(?:\/|$)/.test(line)) paths.add(line);
    }
  }
  const kept: string[] = [];
  for (const path of [...paths].sort()) {
    const stat = await lstat(path).catch(() => null); // expected: removed by the admin
    if (stat?.isDirectory() === true && !packageDatabases.some((database) => `${path}/`.startsWith(`/${database}/`)))
      kept.push(path);
  }
  return kept;
}
