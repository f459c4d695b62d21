import { execFile } from 'node:child_process';
import type { Stats } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../base/project-root.js';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { readElfInterpreter } from './elf-interpreter.js';

const runFile = promisify(execFile);
const listDeadlineMs = 10_000;

/** Where distributions keep OpenSSH's sftp-server. */
const sftpServerPaths = [
  '/usr/lib/openssh/sftp-server',
  '/usr/lib/ssh/sftp-server',
  '/usr/libexec/openssh/sftp-server',
  '/usr/libexec/sftp-server',
];

/** What a toolbox is made of; both have a default and can be replaced. */
export interface ToolboxSources {
  readonly sftpServerPath?: string;
  /** The preload that answers questions about users, `native/build/toolbox-passwd.so`. */
  readonly passwdPath?: string;
}

/**
 * Makes or refreshes the toolbox: the host's programs that a session may run in any jail, whatever its template holds.
 *
 * Layout: `sftp-server`, `ld.so` (its loader), `lib/` (its libraries), `toolbox-passwd.so`. The keeper copies it when it starts, and runs
 * `ld.so --library-path lib --preload toolbox-passwd.so sftp-server`. A file that is there with the size and time of its source stays.
 * All sources are the host's own, trusted programs. Returns whether anything changed.
 * Faults: `toolbox-missing` (no sftp-server on this host, or one that cannot be taken along).
 */
export async function buildToolbox(targetDir: string, sources: ToolboxSources = {}): Promise<boolean> {
  const program = sources.sftpServerPath ?? (await findSftpServer());
  const passwd = sources.passwdPath ?? join(projectRoot, 'native/build/toolbox-passwd.so');
  const loader = await readElfInterpreter(program);
  if (loader === null) throw new JaildError('toolbox-missing', `${program} is not a dynamically linked program`);
  const wanted = new Map([
    ['sftp-server', program],
    ['toolbox-passwd.so', passwd],
    ['ld.so', loader],
  ]);
  for (const library of await listLibraries(loader, [program, passwd]))
    wanted.set(join('lib', basename(library)), library);
  await mkdir(join(targetDir, 'lib'), { recursive: true, mode: 0o755 });
  let changed = false;
  for (const [name, source] of wanted) changed = (await refresh(join(targetDir, name), source)) || changed;
  return (await removeOthers(targetDir, new Set(wanted.keys()))) || changed;
}

async function findSftpServer(): Promise<string> {
  for (const path of sftpServerPaths) {
    if ((await statOrNull(path))?.isFile() === true) return path;
  }
  throw new JaildError(
    'toolbox-missing',
    'no sftp-server on this host; install it with "apt-get install openssh-sftp-server"',
  );
}

/** The loader itself says which libraries it would load, from where. */
async function listLibraries(loader: string, programs: readonly string[]): Promise<Set<string>> {
  const libraries = new Set<string>();
  for (const program of programs) {
    const options = { env: {}, cwd: '/', timeout: listDeadlineMs };
    const { stdout } = await runFile(loader, ['--list', program], options).catch((cause: unknown) => {
      throw new JaildError('toolbox-missing', `${program} lacks a library on this host`, { cause });
    });
    for (const match of stdout.matchAll(/ => (\/.+) \(0x[0-9a-f]+\)$/gm)) {
      if (match[1] !== undefined && basename(match[1]) !== basename(loader)) libraries.add(match[1]);
    }
  }
  return libraries;
}

/** True when the file was copied. The copy appears whole under its name. */
async function refresh(target: string, source: string): Promise<boolean> {
  const original = await stat(source);
  const copy = await statOrNull(target);
  const times = [original.atime, original.mtime] as const;
  if (copy?.isFile() === true && copy.size === original.size && sameSecond(copy.mtimeMs, original.mtimeMs))
    return false;
  const fresh = join(dirname(target), `.${basename(target)}.new`);
  await copyFile(source, fresh);
  await chmod(fresh, 0o755);
  await utimes(fresh, ...times);
  await rename(fresh, target);
  return true;
}

/** File times go through Node with less than their full resolution. */
function sameSecond(leftMs: number, rightMs: number): boolean {
  return Math.floor(leftMs / 1000) === Math.floor(rightMs / 1000);
}

async function removeOthers(targetDir: string, wanted: ReadonlySet<string>): Promise<boolean> {
  let changed = false;
  for (const folder of ['', 'lib']) {
    for (const entry of await readdir(join(targetDir, folder), { withFileTypes: true })) {
      const name = join(folder, entry.name);
      if (entry.isDirectory() || wanted.has(name)) continue;
      await unlink(join(targetDir, name));
      changed = true;
    }
  }
  return changed;
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
