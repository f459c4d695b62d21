import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { listProcesses, openDescriptors, type ProcessRow, processLink } from './processes.js';
import { mustRun } from './program.js';
import type { Slot } from './slot.js';
import { layersOf } from './template-seed.js';
import { pause } from './until.js';

/** What identifies everything that one instance makes on the host. */
export interface Footprint {
  readonly directory: string;
  readonly runDir: string;
  readonly stateDir: string;
  /** The outside ids that its jails may have. */
  readonly slot: Pick<Slot, 'firstBase' | 'lastBase'>;
}

/** Four hex digits that stand in the names of an instance's links, tables and groups. */
export function tagOf(runDir: string): string {
  return createHash('sha256').update(runDir).digest('hex').slice(0, 4);
}

/** Host-made zombies: this machine's PID 1 reaps late, and they hold nothing. */
const zombieGraceMs = 5_000;

/**
 * Lists what is left of an instance that should be gone: mounts in any mount namespace, processes, links, nft tables,
 * cgroups, and (unless told not to) claims and files. Empty = nothing. Looks again for a while where the kernel tears down in the background.
 */
export async function leftovers(footprint: Footprint, options = { withFiles: true }): Promise<string[]> {
  const end = Date.now() + zombieGraceMs;
  for (;;) {
    const found = [
      ...leftProcesses(footprint, Date.now() < end),
      ...leftMounts(footprint),
      ...(await leftLinks(footprint)),
      ...(await leftTables(footprint)),
      ...leftGroups(footprint),
      ...(options.withFiles ? [...leftClaims(footprint), ...leftFiles(footprint)] : []),
    ];
    if (found.length === 0 || Date.now() > end) {
      return found;
    }
    await pause(100);
  }
}

/** A keeper runs from memory and names no path on its command line, but it holds its lock below the instance. */
function isKeeperOf(directory: string, row: ProcessRow): boolean {
  return (
    row.command.startsWith('jail-keeper') &&
    openDescriptors(row.pid).some((target) => target.startsWith(`${directory}/`))
  );
}

/** The processes that belong to an instance: by its paths, or by the ids of its jails. */
export function processesOf({ directory, slot }: Footprint): ProcessRow[] {
  const isJailUid = (uid: number) => uid >= slot.firstBase && uid < slot.lastBase + 65_536;
  return listProcesses().filter(
    (row) =>
      row.pid !== process.pid &&
      (isJailUid(row.uid) ||
        row.command.includes(`${directory}/`) ||
        isKeeperOf(directory, row) ||
        ['cwd', 'root', 'exe'].some((link) => `${processLink(row.pid, link) ?? ''}/`.startsWith(`${directory}/`))),
  );
}

function leftProcesses(footprint: Footprint, ignoresZombies: boolean): string[] {
  return processesOf(footprint)
    .filter((row) => row.state !== 'Z' || !ignoresZombies)
    .map((row) => `process ${row.pid} (${row.state}, uid ${row.uid}): ${row.command}`);
}

/** Mounts that name the instance in any namespace; the layers that it borrows from the seed are ours. */
function leftMounts({ directory, stateDir }: Footprint): string[] {
  const borrowed = layersOf({ stateDir });
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { pid } of listProcesses()) {
    const namespace = processLink(pid, 'ns/mnt');
    if (namespace === undefined || seen.has(namespace)) {
      continue;
    }
    seen.add(namespace);
    for (const line of readLines(`/proc/${pid}/mountinfo`).filter(
      (each) => each.includes(directory) && each.split(' ')[4] !== borrowed,
    )) {
      found.push(`mount in ${namespace} (pid ${pid}): ${line}`);
    }
  }
  return found;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return []; // expected: it went away
  }
}

/** Network links of an instance. */
export async function leftLinkNames({ runDir }: Footprint): Promise<string[]> {
  const lines = (await mustRun('ip', ['-o', 'link', 'show'])).split('\n');
  return lines.flatMap((line) => new RegExp(`: (jd${tagOf(runDir)}[^@:]*)`).exec(line)?.[1] ?? []);
}

async function leftLinks(footprint: Footprint): Promise<string[]> {
  return (await leftLinkNames(footprint)).map((name) => `link ${name}`);
}

/** nft tables of an instance: family and name. */
export async function leftTableNames({ runDir }: Footprint): Promise<(readonly [string, string])[]> {
  const lines = (await mustRun('nft', ['list', 'tables'])).split('\n');
  return lines
    .filter((line) => line.includes(`jaild_${tagOf(runDir)}`))
    .map((line) => line.split(' '))
    .map(([, family = '', name = '']) => [family, name] as const);
}

async function leftTables(footprint: Footprint): Promise<string[]> {
  return (await leftTableNames(footprint)).map(([family, name]) => `nft table ${family} ${name}`);
}

/** Control groups of an instance, parents before their children. */
export function leftGroupPaths({ runDir }: Footprint): string[] {
  return groupsBelow('/sys/fs/cgroup', 6).filter((group) => new RegExp(`jaild.*${tagOf(runDir)}`).test(group));
}

function leftGroups(footprint: Footprint): string[] {
  return leftGroupPaths(footprint).map((group) => `cgroup ${group}`);
}

/** Control groups down to `depth` levels. */
function groupsBelow(directory: string, depth: number): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(directory, entry.name))
      .flatMap((group) => [group, ...(depth > 1 ? groupsBelow(group, depth - 1) : [])]);
  } catch {
    return []; // expected: removed while we looked
  }
}

/** The files by which an instance keeps its ids and addresses from others, for as long as its directory exists. */
export function claimFiles({ directory }: Footprint): string[] {
  const claims = '/run/jaild-claims';
  const files = existsSync(claims) ? readdirSync(claims) : [];
  return files
    .map((name) => path.join(claims, name))
    .filter((file) => readLines(file).some((line) => line.includes(directory)));
}

function leftClaims(footprint: Footprint): string[] {
  return claimFiles(footprint).map((file) => `claim ${file}`);
}

function leftFiles({ directory }: Footprint): string[] {
  return existsSync(directory) ? [`directory ${directory}`] : [];
}
