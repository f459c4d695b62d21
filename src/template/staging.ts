import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AbsolutePath, parseAbsolutePath } from '../base/brands.js';
import { isAbsent } from '../errors/errno.js';
import { removeTree } from './keeper-tree.js';

/** Where builds work; beside the finished templates, so that publishing is a rename. */
export function stagingRoot(stateDir: string): string {
  return join(stateDir, 'templates', '.staging');
}

/**
 * Makes an empty directory for this build. Its name says which process owns it (`PID-STARTTIME-RANDOM`), so that it can be told
 * from the leftovers of a dead one at any moment, without a file that might not have been written yet.
 */
export async function createStaging(stateDir: string): Promise<AbsolutePath> {
  const root = stagingRoot(stateDir);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const path = join(root, `${process.pid}-${await startTimeOf(process.pid)}-${randomBytes(4).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  return parseAbsolutePath(path);
}

/** Removes what dead builds left behind; answers how many there were. */
export async function removeDeadStaging(stateDir: string, keeperPath: string): Promise<number> {
  const root = stagingRoot(stateDir);
  const names = await readdir(root).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  let removed = 0;
  for (const name of names) {
    const [pid = '', startTime] = name.split('-');
    if (startTime !== undefined && (await startTimeOf(Number(pid))) === startTime) continue;
    await removeTree(keeperPath, join(root, name));
    removed += 1;
  }
  return removed;
}

/** Start time in clock ticks since boot (proc(5), field 22); undefined when no such process runs. Pid and start time together are never reused. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // expected: it has ended
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
