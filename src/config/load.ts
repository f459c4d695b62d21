import { resolve } from 'node:path';
import type { IniDocument, IniEntry } from '../base/ini.js';
import { nearestName } from '../base/nearest.js';
import { projectRoot } from '../base/project-root.js';
import { JaildError } from '../errors/jaild-error.js';
import { checkTogether } from './check.js';
import { resolveFallback, resolveWritten } from './paths.js';
import { defaultConfigFile, readConfigFiles } from './read.js';
import { type Config, schema } from './schema.js';
import type { Section, Setting } from './setting.js';

const sections: Readonly<Record<string, Section>> = schema;

interface Written {
  readonly entry: IniEntry;
  readonly file: string;
}

/**
 * Loads and checks the configuration. All problems are told at once, each with file, line and, for a name that does not exist, the
 * nearest one; the first problem's kind is the error's code (`config-missing`, `config-unreadable`, `config-invalid`).
 * Without `file` the default place is read, and may be empty.
 */
export function loadConfig(file?: string): Config {
  const main = resolve(file ?? defaultConfigFile);
  return configFrom(main, readConfigFiles(main, file === undefined));
}

/** The same from parsed documents (later ones win). */
export function configFrom(file: string, documents: readonly IniDocument[]): Config {
  const problems: string[] = [];
  const written = collect(documents, problems);
  const origins = new Map<string, string>();
  const values: Record<string, Record<string, unknown>> = {};
  const places = { root: projectRoot as string } as Record<string, string>;
  for (const [section, settings] of Object.entries(sections)) {
    const loaded: Record<string, unknown> = {};
    for (const [key, setting] of Object.entries(settings)) {
      const name = `${section}.${key}`;
      const source = written.get(name);
      origins.set(name, source === undefined ? 'default' : `${source.file}:${source.entry.line}`);
      const result = readSetting(setting, source, places);
      if ('value' in result) loaded[setting.name] = result.value;
      else problems.push(`${origins.get(name)}: [${section}] ${key}: ${result.problem}`);
      rememberPlace(places, key, loaded[setting.name]);
    }
    values[section] = loaded;
  }
  // The one place where the table's types and its values meet: each value was made by the zod type of its own row.
  const config = { ...values, file, files: documents.map((document) => document.file), origins } as unknown as Config;
  if (problems.length === 0) problems.push(...checkTogether(config));
  if (problems.length > 0)
    throw new JaildError('config-invalid', problems.join('\n'), { fields: { file, problems: problems.length } });
  return config;
}

function collect(documents: readonly IniDocument[], problems: string[]): Map<string, Written> {
  const written = new Map<string, Written>();
  for (const document of documents) {
    for (const section of document.sections.values()) {
      const settings = sections[section.name];
      if (settings === undefined) {
        const what =
          section.name === '' ? 'a key stands before the first [section]' : `there is no section [${section.name}]`;
        problems.push(`${document.file}:${section.line}: ${what}${meant(section.name, Object.keys(sections))}`);
        continue;
      }
      for (const entry of section.entries.values()) {
        if (settings[entry.key] !== undefined)
          written.set(`${section.name}.${entry.key}`, { entry, file: document.file });
        else
          problems.push(
            `${document.file}:${entry.line}: [${section.name}] has no key ${entry.key}${meant(entry.key, Object.keys(settings))}`,
          );
      }
    }
  }
  return written;
}

function meant(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

function readSetting(
  setting: Setting,
  source: Written | undefined,
  places: Readonly<Record<string, string>>,
): { value: unknown } | { problem: string } {
  if (source?.entry.isList === true && setting.kind !== 'list') return { problem: 'takes one value, not a list' };
  const result = setting.type.safeParse(source === undefined ? fallbackOf(setting, places) : textOf(setting, source));
  return result.success ? { value: result.data } : { problem: result.error.issues[0]?.message ?? 'is not valid' };
}

function fallbackOf(setting: Setting, places: Readonly<Record<string, string>>): unknown {
  return setting.kind === 'path' && typeof setting.fallback === 'string'
    ? resolveFallback(setting.fallback, places)
    : setting.fallback;
}

function textOf(setting: Setting, { entry, file }: Written): unknown {
  const text = entry.values[0] ?? '';
  if (setting.kind === 'list') return entry.isList ? entry.values : text.split(/[\s,]+/).filter((item) => item !== '');
  return setting.kind === 'path' ? resolveWritten(text, file) : text;
}

function rememberPlace(places: Record<string, string>, key: string, value: unknown): void {
  const name = { instance_dir: 'instance', state_dir: 'state', log_dir: 'log' }[key];
  if (name !== undefined && typeof value === 'string') places[name] = value;
}
