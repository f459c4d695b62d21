import { type BuildResult, buildTemplate } from '../template/build.js';
import type { FoundRecipe } from '../template/resolve.js';
import type { CliContext } from './context.js';
import { ProgressLine } from './progress.js';

/** Builds with progress on stderr, and writes down what was built. */
export async function runBuild(context: CliContext, found: FoundRecipe, force: boolean): Promise<BuildResult> {
  const record = context.openAudit();
  const { stateDir, keeperPath } = context.config.server;
  const progress = new ProgressLine(context.streams, `template ${found.name}`);
  try {
    const result = await buildTemplate({
      found,
      stateDir,
      keeperPath,
      report: progress.report,
      signal: context.signal,
      force,
    });
    if (result.outcome === 'built') record('template.built', { template: `${found.name}@${result.manifest.version}` });
    return result;
  } finally {
    progress.end();
  }
}
