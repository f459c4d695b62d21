import { formatIni, type IniDocument, type IniEntry, type IniSection, parseIni } from '../base/ini.js';
import { nearestName } from '../base/nearest.js';
import { escapeUntrusted } from '../base/untrusted.js';
import { JaildError } from '../errors/jaild-error.js';
import { fragmentPattern, type KeyRule, type RecipeSection, recipeKeys, type SourceKind } from './recipe-keys.js';

/** A recipe with its fragments merged in: lists joined in the order of inclusion, single values of the includer winning. */
export interface Recipe {
  readonly description: string;
  readonly source: SourceKind;
  readonly host: { readonly exclude: readonly string[]; readonly etc: readonly string[] };
  readonly debootstrap: {
    readonly suite?: string;
    readonly variant?: string;
    readonly components: readonly string[];
    readonly packages: readonly string[];
  };
}

/** Gives the text of a fragment and the file it is in, or undefined when there is none of that name. */
export type LoadFragment = (name: string) => { readonly file: string; readonly text: string } | undefined;

type Values = Map<string, readonly string[]>;
type Merged = Map<RecipeSection, Values>;

const maxIncludes = 100;

/**
 * Parses a recipe. A section may hold `include = NAME NAME`: the section of the same name of each fragment is read first.
 * Faults are `recipe-invalid` and name file and line; an unknown name comes with the nearest known one.
 */
export function parseRecipe(text: string, file: string, loadFragment: LoadFragment): Recipe {
  const document = parseDocument(text, file);
  const merged: Merged = new Map();
  const reader = new SectionReader(loadFragment);
  for (const section of document.sections.values()) {
    const name = sectionName(section, file);
    merged.set(name, reader.read(section, name, file, []));
  }
  return toRecipe(merged, file);
}

/** The recipe as one INI text without fragments: equal recipes give equal text. It goes into the manifest and the cache key. */
export function formatRecipe(recipe: Recipe): string {
  const { suite, variant, components, packages } = recipe.debootstrap;
  return formatIni([
    ['template', { description: recipe.description, source: recipe.source }],
    ...(recipe.source === 'host' ? ([['host', { exclude: recipe.host.exclude, etc: recipe.host.etc }]] as const) : []),
    ...(recipe.source === 'debootstrap' ? ([['debootstrap', { suite, variant, components, packages }]] as const) : []),
  ]);
}

class SectionReader {
  readonly #loadFragment: LoadFragment;
  #includes = 0;

  constructor(loadFragment: LoadFragment) {
    this.#loadFragment = loadFragment;
  }

  /** `chain` is the fragments being read, outermost first. */
  read(section: IniSection, name: RecipeSection, file: string, chain: readonly string[]): Values {
    const values: Values = new Map();
    for (const fragment of words(section.entries.get('include'))) {
      const where = `${file}:${section.entries.get('include')?.line ?? section.line}`;
      mergeInto(values, this.#include(fragment, name, where, chain), name);
    }
    const own: Values = new Map();
    for (const entry of section.entries.values()) {
      if (entry.key !== 'include') own.set(entry.key, checkEntry(entry, name, file));
    }
    mergeInto(values, own, name);
    return values;
  }

  #include(fragment: string, name: RecipeSection, where: string, chain: readonly string[]): Values {
    if (!fragmentPattern.test(fragment))
      throw invalid(where, `"${escapeUntrusted(fragment, 80)}" is not the name of a fragment`);
    if (chain.includes(fragment))
      throw invalid(where, `[${name}] includes itself: ${[...chain, fragment].join(' -> ')}`);
    this.#includes += 1;
    if (this.#includes > maxIncludes) throw invalid(where, `more than ${maxIncludes} inclusions`);
    const found = this.#loadFragment(fragment);
    if (found === undefined) throw invalid(where, `there is no fragment "${fragment}"`);
    const document = parseDocument(found.text, found.file);
    for (const each of document.sections.values()) sectionName(each, found.file);
    const section = document.sections.get(name);
    if (section === undefined) throw invalid(where, `fragment "${fragment}" has no section [${name}]`);
    return this.read(section, name, found.file, [...chain, fragment]);
  }
}

function mergeInto(values: Values, more: Values, section: RecipeSection): void {
  for (const [key, list] of more) {
    const joined = ruleOf(section, key)?.kind === 'list' ? [...(values.get(key) ?? []), ...list] : list;
    values.set(key, [...new Set(joined)]);
  }
}

function parseDocument(text: string, file: string): IniDocument {
  try {
    return parseIni(text, file);
  } catch (error) {
    throw new JaildError('recipe-invalid', error instanceof Error ? error.message : String(error), { cause: error }); // expected: a line that is no INI
  }
}

function sectionName(section: IniSection, file: string): RecipeSection {
  if (Object.hasOwn(recipeKeys, section.name)) return section.name as RecipeSection;
  if (section.name === '') throw invalid(`${file}:${firstLine(section)}`, 'a key before the first section');
  throw invalid(
    `${file}:${section.line}`,
    `unknown section [${section.name}]${didYouMean(section.name, Object.keys(recipeKeys))}`,
  );
}

function firstLine(section: IniSection): number {
  return Math.min(...[...section.entries.values()].map((entry) => entry.line));
}

function ruleOf(section: RecipeSection, key: string): KeyRule | undefined {
  const rules: Readonly<Record<string, KeyRule>> = recipeKeys[section];
  return Object.hasOwn(rules, key) ? rules[key] : undefined;
}

function checkEntry(entry: IniEntry, section: RecipeSection, file: string): readonly string[] {
  const where = `${file}:${entry.line}`;
  const rule = ruleOf(section, entry.key);
  if (rule === undefined)
    throw invalid(
      where,
      `unknown key "${entry.key}" in [${section}]${didYouMean(entry.key, ['include', ...Object.keys(recipeKeys[section])])}`,
    );
  if (rule.kind === 'list') return words(entry).map((word) => checkWord(word, rule, entry.key, where));
  if (entry.isList) throw invalid(where, `${entry.key} takes one value, not a list`);
  const value = entry.values[0] ?? '';
  if (rule.kind === 'word') return [checkWord(value, rule, entry.key, where)];
  if (value.length <= rule.maxLength && !/[\u0000-\u001f\u007f-\u009f]/.test(value)) return [value];
  throw invalid(where, `${entry.key} must be one line of at most ${rule.maxLength} characters`);
}

function checkWord(word: string, rule: { pattern: RegExp; means: string }, key: string, where: string): string {
  if (rule.pattern.test(word)) return word;
  throw invalid(where, `${key}: "${escapeUntrusted(word, 80)}" is not ${rule.means}`);
}

function words(entry: IniEntry | undefined): string[] {
  return (entry?.values ?? []).flatMap((value) => value.split(/[\s,]+/)).filter((word) => word !== '');
}

function toRecipe(merged: Merged, file: string): Recipe {
  const one = (section: RecipeSection, key: string): string | undefined => merged.get(section)?.get(key)?.[0];
  const all = (section: RecipeSection, key: string): readonly string[] => merged.get(section)?.get(key) ?? [];
  const source = one('template', 'source') as SourceKind | undefined;
  if (source === undefined)
    throw new JaildError('recipe-invalid', `${file}: [template] must say source = ${recipeKeys.template.source.means}`);
  for (const section of merged.keys()) {
    if (section !== 'template' && section !== source)
      throw new JaildError(
        'recipe-invalid',
        `${file}: section [${section}] has no effect when the source is ${source}`,
      );
  }
  const [suite, variant] = [one('debootstrap', 'suite'), one('debootstrap', 'variant')];
  return {
    description: one('template', 'description') ?? '',
    source,
    host: { exclude: all('host', 'exclude'), etc: all('host', 'etc') },
    debootstrap: {
      ...(suite !== undefined && { suite }),
      ...(variant !== undefined && { variant }),
      components: all('debootstrap', 'components'),
      packages: all('debootstrap', 'packages'),
    },
  };
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearestName(word, candidates);
  return near === undefined ? `; known are ${candidates.join(', ')}` : `; did you mean "${near}"?`;
}

function invalid(where: string, what: string): JaildError {
  return new JaildError('recipe-invalid', `${where}: ${what}`);
}
