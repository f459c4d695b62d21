import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseTemplateName, type TemplateName } from '../base/brands.js';
import { projectRoot } from '../base/project-root.js';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { type LoadFragment, parseRecipe, type Recipe } from './recipe.js';

/** A recipe found by name or path. */
export interface FoundRecipe {
  readonly name: TemplateName;
  readonly file: string;
  readonly recipe: Recipe;
}

/** Directory of the recipes that come with the program. */
export const shippedTemplateDir = join(projectRoot, 'templates');

/** Where recipes are looked for, in this order: the admin's directory, then the shipped one. */
export function recipeDirectories(templateDir: string): readonly string[] {
  return [...new Set([templateDir, shippedTemplateDir])];
}

/** Loads the recipe called `name`. Faults: `recipe-missing`, `recipe-invalid`. */
export async function loadRecipe(templateDir: string, name: TemplateName): Promise<FoundRecipe> {
  const directories = recipeDirectories(templateDir);
  for (const directory of directories) {
    const file = join(directory, `${name}.ini`);
    if (existsSync(file)) return { name, file, recipe: await loadRecipeFile(file, templateDir) };
  }
  throw new JaildError('recipe-missing', `there is no recipe "${name}.ini" in ${directories.join(' or ')}`, {
    fields: { template: name },
  });
}

/** Loads a recipe from a file of any place; its fragments may lie beside it. */
export async function loadRecipeFile(file: string, templateDir: string): Promise<Recipe> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) throw new JaildError('recipe-missing', `there is no file ${file}`, { cause: error });
    throw error;
  });
  return parseRecipe(text, file, fragmentLoader([dirname(file), ...recipeDirectories(templateDir)]));
}

/** The template's name that a recipe file stands for: its file name without `.ini`. */
export function templateNameOf(file: string): TemplateName {
  return parseTemplateName(basename(file).replace(/\.ini$/, ''));
}

/** Names of all recipes that can be built, sorted; the admin's hide shipped ones of the same name. */
export async function listRecipes(templateDir: string): Promise<string[]> {
  const names = new Set<string>();
  for (const directory of recipeDirectories(templateDir)) {
    const files = await readdir(directory).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    for (const file of files) if (file.endsWith('.ini')) names.add(file.slice(0, -'.ini'.length));
  }
  return [...names].sort();
}

function fragmentLoader(directories: readonly string[]): LoadFragment {
  return (name) => {
    const file = directories
      .map((directory) => join(directory, 'fragments', `${name}.ini`))
      .find((candidate) => existsSync(candidate));
    return file === undefined ? undefined : { file, text: readFileSync(file, 'utf8') };
  };
}
