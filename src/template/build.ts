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
import { syncFileSystem } from './sync-file-system.js';
import { measureTree } from './tree-size.js';

/** Changes when the same recipe would give another result than before: it is part of every cache key. */
const builderVersion = 1;

/** How often a snapshot of a host that changes under it is begun again. */
const maxAttempts = 3;

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
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const inputs = await loadKeyedInputs(found);
    const cached = request.force === true ? undefined : await findVersionByKey(stateDir, found.name, inputs.key);
    if (cached !== undefined) {
      await setTag(stateDir, found.name, 'latest', cached.version);
      return { outcome: 'cached', manifest: cached };
    }
    const manifest = await inStaging(request, (stagingPath) => buildIn(stagingPath, request, inputs));
    if (manifest !== undefined) return { outcome: 'built', manifest };
    report({ phase: 'the host changed meanwhile, once more', percentage: 0 });
  }
  throw new JaildError(
    'template-build-failed',
    'what the template is made from kept changing during the build (packages being installed?); build again later',
  );
}

async function loadKeyedInputs({ recipe }: FoundRecipe): Promise<TemplateManifest['inputs']> {
  const { key, facts } = await sources[recipe.source].loadInputs(recipe);
  return { key: toKey(formatRecipe(recipe), key), facts };
}

/** Runs `work` in a staging directory of its own, which is removed whatever happens. */
async function inStaging<Result>(
  { stateDir, keeperPath, signal }: BuildRequest,
  work: (stagingPath: StagingPath) => Promise<Result>,
): Promise<Result> {
  const stagingPath = await createStaging(stateDir);
  let result: Result;
  try {
    await reclaim(stateDir, stagingPath);
    result = await work(stagingPath);
  } catch (error) {
    const failure = toBuildFailure(error, signal);
    await removeTree(keeperPath, stagingPath).catch((cleanup: unknown) => {
      throw withCleanupFailure(failure, cleanup);
    });
    throw failure;
  }
  await removeTree(keeperPath, stagingPath);
  return result;
}

async function reclaim(stateDir: string, stagingPath: string): Promise<void> {
  const graveyard = join(stagingPath, 'unused');
  await mkdir(graveyard, { mode: 0o700 });
  await collectOrphanLayers(stateDir, graveyard);
}

/** Undefined when what it was made from changed meanwhile: a mix of before and after is not published. */
async function buildIn(
  stagingPath: StagingPath,
  request: BuildRequest,
  inputs: TemplateManifest['inputs'],
): Promise<TemplateManifest | undefined> {
  const { found, stateDir, keeperPath, report, signal } = request;
  const { recipe } = found;
  const staged = await sources[recipe.source].build({ recipe, stagingPath, keeperPath, report, signal });
  const layers = await finishLayers(staged, request);
  signal.throwIfAborted();
  if ((await loadKeyedInputs(found)).key !== inputs.key) return undefined;
  const created = new Date();
  const manifest: TemplateManifest = {
    schema: manifestSchemaVersion,
    name: found.name,
    version: toVersionId(created, inputs.key),
    created: created.toISOString(),
    description: recipe.description,
    source: recipe.source,
    recipe: formatRecipe(recipe),
    inputs,
    layers: layers.map(({ entry }) => entry),
  };
  report({ phase: 'publish', percentage: 95 });
  await syncFileSystem(stagingPath, signal);
  const finished = layers.map((layer) => layer.finished);
  return await publishVersion(stateDir, found.name, stagingPath, manifest, finished, { force: request.force === true });
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
