import { parseTemplateName } from '../../../base/brands.js';
import type { FoundRecipe } from '../../../template/resolve.js';
import { loadRecipe, loadRecipeFile, templateNameOf } from '../../../template/resolve.js';
import { runBuild } from '../../build-run.js';
import type { CliContext } from '../../context.js';
import { showBytes } from '../../render/quantity.js';
import { sizeOf } from '../../template-rows.js';
import type { Verb } from '../../verb.js';

export const templateBuild: Verb = {
  words: ['template', 'build'],
  summary: 'build a template; what has been built from the same recipe and inputs is not built again',
  example: 'jailctl template build debian',
  args: [{ name: 'recipe', summary: 'the name of a recipe, or the path of its file', completes: 'templates' }],
  options: [{ name: 'force', summary: 'build although nothing has changed (to get newer packages)' }],
  json: '{ template, version, outcome: built or cached, layers, files, bytes }',
  run: async ({ context, args, options }) => {
    context.requireRoot();
    const found = await findRecipe(context, args[0] ?? '');
    const { outcome, manifest } = await runBuild(context, found, options.has('force'));
    const { files, bytes } = sizeOf(manifest);
    const sentence =
      outcome === 'cached'
        ? 'has been built from the same recipe and inputs'
        : `is built: ${files} files, ${showBytes(bytes)}`;
    const layers = manifest.layers.map((layer) => layer.digest);
    context.output.done(
      { template: found.name, version: manifest.version, outcome, layers, files, bytes },
      `template ${found.name}@${manifest.version} ${sentence}`,
    );
    return undefined;
  },
};

async function findRecipe({ config }: CliContext, word: string): Promise<FoundRecipe> {
  const { templateDir } = config.server;
  if (!word.includes('/') && !word.endsWith('.ini')) return await loadRecipe(templateDir, parseTemplateName(word));
  return { name: templateNameOf(word), file: word, recipe: await loadRecipeFile(word, templateDir) };
}
