import { createHash } from 'node:crypto';
import { lstat, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { linkTree, type TreeSize } from '../keeper-tree.js';
import { RootTree } from '../root-tree.js';
import { packageDatabases, readDpkgStatus } from './dpkg-state.js';
import { buildHostEtc } from './host-etc.js';
import { buildIdentityFiles } from './host-identity.js';
import {
  buildEmptyLocal,
  buildRootHome,
  buildSafeBase,
  buildVariableFiles,
  listSystemDirectories,
} from './skeleton.js';
import type { SourceContext, SourceInputs, StagedLayer, TemplateSource } from './source.js';

/** Never shown, because the host's admin keeps private programs and sources there. Relative to /usr. */
const alwaysExcluded = ['local', 'src'];

/** Directories whose change shows that programs came or went without the package manager. */
const watchedDirectories = ['/usr', '/usr/bin', '/usr/sbin', '/usr/lib', '/usr/libexec', '/usr/share'];

const changedInPlace = [
  'lock',
  'lock-frontend',
  'updates',
  'lists/lock',
  'lists/partial',
  'lists/auxfiles',
  'daily_lock',
];

/**
 * Source `host`: a snapshot of the host's own programs, so that a template is there at once and costs no disk.
 * The lower layer holds /usr (hard links where the file system allows), the upper one a generated /etc, /var and /root.
 * It is a snapshot and never the live tree, which the host's package manager changes under mounted overlays.
 */
export const hostSource: TemplateSource = { loadInputs: loadHostInputs, build: buildHost };

/** What the snapshot stands for: dpkg's status and the state of the directories that hold programs and settings. */
async function loadHostInputs(): Promise<SourceInputs> {
  const facts: Record<string, string> = { dpkg: sha256(await readDpkgStatus()) };
  for (const path of watchedDirectories) facts[path] = await changeTime(path);
  for (const path of [
    '/etc/passwd',
    '/etc/group',
    '/etc/alternatives',
    '/etc/ssl/certs',
    '/etc/apt/sources.list.d',
    '/etc/pam.d',
    '/etc/ld.so.cache',
    '/etc/localtime',
  ]) {
    facts[path] = await changeTime(path);
  }
  return { key: sha256(JSON.stringify(facts)), facts };
}

async function buildHost(context: SourceContext): Promise<readonly StagedLayer[]> {
  const system = new RootTree(join(context.stagingPath, 'system'));
  const skeleton = new RootTree(join(context.stagingPath, 'skeleton'));
  await makeTop(system);
  await makeTop(skeleton);
  context.report({ phase: 'snapshot of /usr', percentage: 5 });
  const size = await snapshotSystem(context, system, skeleton);
  context.report({ phase: 'settings', percentage: 50 });
  await buildSkeleton(context, skeleton);
  return [
    { role: 'skeleton', directoryPath: skeleton.directoryPath, covers: 'contents' },
    { role: 'system', directoryPath: system.directoryPath, covers: 'times', size },
  ];
}

async function makeTop(tree: RootTree): Promise<void> {
  const parent = new RootTree(join(tree.directoryPath, '..'));
  await parent.directory(tree.directoryPath.slice(parent.directoryPath.length + 1), { mode: 0o755 });
}

/** /usr, and on a host that has not merged them /bin, /sbin and /lib*; merged ones stay the links that they are. */
async function snapshotSystem(
  { keeperPath, recipe, signal }: SourceContext,
  system: RootTree,
  skeleton: RootTree,
): Promise<TreeSize> {
  const sizes = [
    await linkTree(
      keeperPath,
      '/usr',
      join(system.directoryPath, 'usr'),
      [...alwaysExcluded, ...recipe.host.exclude],
      signal,
    ),
  ];
  for (const { name, merged } of await listSystemDirectories()) {
    if (merged) await skeleton.link(name, await readlink(join('/', name)));
    else sizes.push(await linkTree(keeperPath, join('/', name), join(system.directoryPath, name), [], signal));
  }
  const add = (pick: (size: TreeSize) => number): number => sizes.reduce((sum, size) => sum + pick(size), 0);
  return { files: add((size) => size.files), bytes: add((size) => size.bytes) };
}

async function buildSkeleton({ keeperPath, recipe, signal }: SourceContext, tree: RootTree): Promise<void> {
  await buildHostEtc(tree, recipe.host.etc);
  await buildIdentityFiles(tree);
  await buildRootHome(tree);
  await buildEmptyLocal(tree);
  await buildSafeBase(tree);
  await buildVariableFiles(tree);
  for (const path of packageDatabases) await snapshotDatabase(keeperPath, path, tree, signal);
}

/** dpkg and apt replace their files by rename, so that a hard link keeps what it was; what they write in place is left out. */
async function snapshotDatabase(keeperPath: string, path: string, tree: RootTree, signal: AbortSignal): Promise<void> {
  const there = await lstat(join('/', path)).catch(() => null); // expected: no package manager of this kind
  if (there?.isDirectory() !== true) return;
  await linkTree(keeperPath, join('/', path), join(tree.directoryPath, path), changedInPlace, signal);
  if (path === 'var/lib/dpkg') await tree.directory('var/lib/dpkg/updates', { mode: 0o755 });
}

async function changeTime(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null); // expected: not on this host
  return found === null ? 'absent' : String(found.mtimeNs);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Which parts of the host changed since the manifest's inputs were taken; empty when none did. */
export async function listHostChanges(recordedFacts: Readonly<Record<string, string>>): Promise<string[]> {
  const { facts } = await loadHostInputs();
  const names = new Set([...Object.keys(facts), ...Object.keys(recordedFacts)]);
  return [...names].filter((name) => facts[name] !== recordedFacts[name]).sort();
}
