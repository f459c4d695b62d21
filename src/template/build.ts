import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { withCleanupFailure } from '../errors/presentation.js';
import { digestTree, removeTree } from './keeper-tree.js';
import { type ManifestLayer, manifestSchemaVersion, type TemplateManifest, toVersionId } from './manifest.js';
import type { ReportProgress } from './progress.js';
import {
  collectOrphanLayers,
  createTemplateStore,
  type FinishedLayer,
  findVersionByKey,
  publishVersion,
  setTag,
} from './publish.js';
import { formatRecipe } from './recipe.js';
import type { FoundRecipe } from './resolve.js';
import type { StagedLayer } from './sources/source.js';
import { sources } from './sources/table.js';
import { createStaging, removeDeadStaging } from './staging.js';
import { measureTree } from './tree-size.js';

/** Changes when the same recipe would give another result than before: it is part of every cache key. */
const builderVersion = 1;

export interface BuildRequest {
  readonly found: FoundRecipe;
  readonly stateDir: string;
  readonly keeperPath: string;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
  /** Build although the same recipe with the same inputs has been built. */
  readonly force?: boolean;
}

/** `cached`: the same recipe with the same inputs was built before, and nothing was done. */
export interface BuildResult {
  readonly outcome: 'built' | 'cached';
  readonly manifest: TemplateManifest;
}

/**
 * Builds a version of a template and makes it `latest`. Works in a staging directory of its own; a fault, a cancel (`signal`) or a
 * kill leaves no version. First removes what dead builds left. Faults: `template-build-failed`, `template-build-cancelled`, `keeper-missing`.
 */
export async function buildTemplate(request: BuildRequest): Promise<BuildResult> {
  const { found, stateDir, keeperPath, report } = request;
  report({ phase: 'inputs', percentage: 0 });
  await createTemplateStore(stateDir);
  await removeDeadStaging(stateDir, keeperPath);
  const inputs = await sources[found.recipe.source].loadInputs(found.recipe);
  const key = toKey(formatRecipe(found.recipe), inputs.key);
  const cached = request.force === true ? undefined : await findVersionByKey(stateDir, found.name, key);
  if (cached !== undefined) {
    await setTag(stateDir, found.name, 'latest', cached.version);
    return { outcome: 'cached', manifest: cached };
  }
  const stagingPath = await createStaging(stateDir);
  let result: BuildResult;
  try {
    await reclaim(stateDir, stagingPath);
    result = await buildIn(stagingPath, request, { key, facts: inputs.facts });
  } catch (error) {
    await removeTree(keeperPath, stagingPath).catch((cleanup: unknown) => {
      throw withCleanupFailure(toBuildFailure(error, request.signal), cleanup);
    });
    throw toBuildFailure(error, request.signal);
  }
  await removeTree(keeperPath, stagingPath);
  return result;
}

async function reclaim(stateDir: string, stagingPath: string): Promise<void> {
  const graveyard = join(stagingPath, 'unused');
  await mkdir(graveyard, { mode: 0o700 });
  await collectOrphanLayers(stateDir, graveyard);
}

async function buildIn(
  stagingPath: StagingPath,
  request: BuildRequest,
  inputs: TemplateManifest['inputs'],
): Promise<BuildResult> {
  const { found, stateDir, keeperPath, report, signal } = request;
  const source = sources[found.recipe.source];
  const staged = await source.build({ recipe: found.recipe, stagingPath, keeperPath, report, signal });
  const layers = await finishLayers(staged, request);
  signal.throwIfAborted();
  const after = await source.loadInputs(found.recipe);
  if (toKey(formatRecipe(found.recipe), after.key) !== inputs.key) {
    throw new JaildError(
      'template-build-failed',
      'what the template is made from changed during the build (packages being installed?); build again',
    );
  }
  const created = new Date();
  const manifest: TemplateManifest = {
    schema: manifestSchemaVersion,
    name: found.name,
    version: toVersionId(created, inputs.key),
    created: created.toISOString(),
    description: found.recipe.description,
    source: found.recipe.source,
    recipe: formatRecipe(found.recipe),
    inputs,
    layers: layers.map(({ entry }) => entry),
  };
  report({ phase: 'publish', percentage: 99 });
  return {
    outcome: 'built',
    manifest: await publishVersion(
      stateDir,
      found.name,
      stagingPath,
      manifest,
      layers.map(({ finished }) => finished),
      { force: request.force === true },
    ),
  };
}

type StagingPath = Awaited<ReturnType<typeof createStaging>>;

async function finishLayers(
  staged: readonly StagedLayer[],
  { keeperPath, report, signal }: BuildRequest,
): Promise<{ entry: ManifestLayer; finished: FinishedLayer }[]> {
  report({ phase: 'digest', percentage: 70 });
  return Promise.all(
    staged.map(async ({ role, directoryPath, covers, size }) => {
      const digest = await digestTree(keeperPath, directoryPath, covers, signal);
      return {
        entry: { digest, covers, role, ...(size ?? (await measureTree(directoryPath))) },
        finished: { digest, directoryPath },
      };
    }),
  );
}

function toKey(recipeText: string, inputsKey: string): string {
  return createHash('sha256')
    .update(JSON.stringify([builderVersion, recipeText, inputsKey]))
    .digest('hex');
}

function toBuildFailure(error: unknown, signal: AbortSignal): JaildError {
  if (signal.aborted)
    return new JaildError('template-build-cancelled', 'the build was cancelled; nothing is left of it', {
      cause: error,
    });
  if (error instanceof JaildError) return error;
  const what = isErrno(error, 'ENOSPC', 'EDQUOT')
    ? 'the disk is full'
    : error instanceof Error
      ? error.message
      : String(error);
  return new JaildError('template-build-failed', `the template could not be built: ${what}`, { cause: error });
}
