import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TemplateName } from '../base/brands.js';
import { isAbsent, isErrno } from '../errors/errno.js';
import { isJaildError } from '../errors/jaild-error.js';
import { syncDirectory, writeFileAtomically } from '../store/atomic-file.js';
import { withLock } from '../store/lock.js';
import {
  formatManifest,
  layerPath,
  listBuiltTemplates,
  listTemplateVersions,
  type TemplateManifest,
  templatePath,
} from './manifest.js';
import { formatTags, loadTags } from './tags.js';

/** A layer that is ready to be moved to its place, named by its digest. */
export interface FinishedLayer {
  readonly digest: string;
  readonly directoryPath: string;
}

/** Held while layers and manifests come or go, so that nobody takes a layer of a version that is just appearing for a leftover. */
function publishLock(stateDir: string): string {
  return join(stateDir, 'templates', '.lock');
}

/** Makes the directories that publishing needs. */
export async function createTemplateStore(stateDir: string): Promise<void> {
  await mkdir(join(stateDir, 'templates'), { recursive: true, mode: 0o700 });
  await mkdir(join(stateDir, 'layers'), { recursive: true, mode: 0o700 });
}

/**
 * Makes a version visible: layers first (one that is there already is kept), then the manifest by one rename, then the tag `latest`.
 * Whatever dies on the way leaves either no version or a whole one. When another build with the same inputs was faster, its
 * version is answered instead (unless `force`).
 */
export async function publishVersion(
  stateDir: string,
  name: TemplateName,
  stagingPath: string,
  manifest: TemplateManifest,
  layers: readonly FinishedLayer[],
  options: { force: boolean },
): Promise<TemplateManifest> {
  return withLock(publishLock(stateDir), async () => {
    const earlier = options.force ? undefined : await findVersionByKey(stateDir, name, manifest.inputs.key);
    if (earlier !== undefined) return earlier;
    for (const layer of layers) await moveLayer(layer, layerPath(stateDir, layer.digest));
    const versionStaging = join(stagingPath, 'version');
    await mkdir(versionStaging, { mode: 0o700 });
    await writeFileAtomically(join(versionStaging, 'manifest.json'), formatManifest(manifest), { mode: 0o600 });
    const directory = templatePath(stateDir, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await rename(versionStaging, join(directory, manifest.version));
    await syncDirectory(directory);
    await setTag(stateDir, name, 'latest', manifest.version);
    return manifest;
  });
}

/** The newest version whose inputs are the same, if its layers are all there. */
export async function findVersionByKey(
  stateDir: string,
  name: TemplateName,
  key: string,
): Promise<TemplateManifest | undefined> {
  const present = new Set(await namesIn(join(stateDir, 'layers')));
  for (const { manifest } of (await listTemplateVersions(stateDir, name)).reverse()) {
    if (isJaildError(manifest) || manifest.inputs.key !== key) continue;
    if (manifest.layers.every((layer) => present.has(layer.digest))) return manifest;
  }
  return undefined;
}

/** Points a tag to a version. */
export async function setTag(stateDir: string, name: TemplateName, tag: string, version: string): Promise<void> {
  const directory = templatePath(stateDir, name);
  const tags = await loadTags(directory);
  if (tags[tag] !== version)
    await writeFileAtomically(join(directory, 'tags.ini'), formatTags({ ...tags, [tag]: version }), { mode: 0o600 });
}

/**
 * Moves layers that no manifest names (a build died between its renames) to `graveyard`, for the caller to remove at leisure.
 * Does nothing while a manifest is unreadable: what it names cannot be told.
 */
export async function collectOrphanLayers(stateDir: string, graveyard: string): Promise<number> {
  return withLock(publishLock(stateDir), async () => {
    const named = new Set<string>();
    for (const name of await listBuiltTemplates(stateDir)) {
      for (const { manifest } of await listTemplateVersions(stateDir, name as TemplateName)) {
        if (isJaildError(manifest)) return 0;
        for (const layer of manifest.layers) named.add(layer.digest);
      }
    }
    const orphans = (await namesIn(join(stateDir, 'layers'))).filter((digest) => !named.has(digest));
    for (const digest of orphans) await rename(join(stateDir, 'layers', digest), join(graveyard, digest));
    return orphans.length;
  });
}

async function moveLayer(layer: FinishedLayer, target: string): Promise<void> {
  await rename(layer.directoryPath, target).catch((error: unknown) => {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error; // expected: the same content is there already
  });
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
}
