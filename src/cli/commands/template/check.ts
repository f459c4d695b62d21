import { formatRecipe } from '../../../template/recipe.js';
import { loadRecipeFile, templateNameOf } from '../../../template/resolve.js';
import type { Verb } from '../../verb.js';

export const templateCheck: Verb = {
  words: ['template', 'check'],
  summary: 'check a recipe without building it, and print it with its fragments merged in',
  example: 'jailctl template check /etc/jaild/templates/web.ini',
  args: [{ name: 'file', summary: 'the recipe', completes: 'files' }],
  json: '{ name, recipe: { description, source, host: { exclude, etc }, debootstrap: { suite, variant, components, packages } } }',
  run: async ({ context, args }) => {
    const file = args[0] ?? '';
    const recipe = await loadRecipeFile(file, context.config.server.templateDir);
    const name = templateNameOf(file);
    if (context.output.format === 'json') context.output.done({ name, recipe }, '');
    else context.output.text(formatRecipe(recipe));
    context.output.say(`${file} is good`);
    return undefined;
  },
};
