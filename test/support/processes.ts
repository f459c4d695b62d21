import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One process as the host sees it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly uid: number;
  readonly command: string;
}

/** All processes; those that end while we look are left out. */
export function listProcesses(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const row = readProcess(Number(name));
      return row === undefined ? [] : [row];
    });
}

export function readProcess(pid: number): ProcessRow | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
    return {
      pid,
      parent: Number(field('PPid')),
      state: field('State'),
      uid: Number(field('Uid')),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
    };
  } catch {
    return undefined; // expected: it has ended
  }
}

/** A process's link (cwd, root, exe, ns/mnt ...), or undefined when it has ended. */
export function processLink(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined; // expected: ended, a kernel thread, or a zombie
  }
}

/** `pid` and everything that descends from it. */
export function processTree(pid: number, rows: readonly ProcessRow[] = listProcesses()): ProcessRow[] {
  const own = rows.filter((row) => row.pid === pid);
  return own.concat(rows.filter((row) => row.parent === pid).flatMap((row) => processTree(row.pid, rows)));
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Open descriptors of a process, as link targets. */
export function openDescriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => processLink(pid, `fd/${fd}`) ?? []);
  } catch {
    return []; // expected: it has ended
  }
}
