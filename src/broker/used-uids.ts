import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '../errors/errno.js';

/** User ids of a range that some process of this host has now. */
export function listUsedUids(first: number, count: number): Set<number> {
  const used = new Set<number>();
  for (const entry of readdirSync('/proc')) {
    const uid = /^[0-9]+$/.test(entry) ? readUid(entry) : undefined;
    if (uid !== undefined && uid >= first && uid < first + count) used.add(uid);
  }
  return used;
}

function readUid(pid: string): number | undefined {
  try {
    const match = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match === null ? undefined : Number(match[1]);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined; // it has just ended
    throw error;
  }
}
