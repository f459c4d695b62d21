import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from '../../errors/errno.js';

/** The host's package sources for one suite, in the format that mmdebstrap takes as a file. */
export interface AptSources {
  /** deb822 paragraphs, or empty. */
  readonly deb822: string;
  /** One-line entries, or empty. */
  readonly lines: string;
}

const aptDirectory = '/etc/apt';

/** True for the suite itself and for its updates and security parts. */
function belongsTo(suite: string, candidate: string): boolean {
  return [suite, `${suite}-updates`, `${suite}-security`, `${suite}/updates`].includes(candidate.replace(/\/$/, ''));
}

/** One-line entries (`deb [options] URI suite component...`) that are about `suite` and have one of the components, with only those. */
export function selectLines(text: string, suite: string, components: readonly string[]): string[] {
  const selected: string[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    const [, options = '', uri = '', candidate = '', rest = ''] = match ?? [];
    const wanted = rest.split(/\s+/).filter((component) => components.includes(component));
    if (match !== null && belongsTo(suite, candidate) && wanted.length > 0)
      selected.push(`deb ${options}${uri} ${candidate} ${wanted.join(' ')}`);
  }
  return selected;
}

/** deb822 paragraphs (sources.list(5)) that are enabled and about `suite`, reduced to its suites and the wanted components. */
export function selectParagraphs(text: string, suite: string, components: readonly string[]): string[] {
  const withoutComments = text.split('\n').filter((line) => !line.startsWith('#'));
  const paragraphs = withoutComments.join('\n').split(/\n\s*\n/);
  return paragraphs
    .map((paragraph) => reduceParagraph(paragraph, suite, components))
    .filter((paragraph) => paragraph !== undefined);
}

function reduceParagraph(paragraph: string, suite: string, components: readonly string[]): string | undefined {
  const fields = parseFields(paragraph);
  const words = (name: string): string[] => (fields.get(name)?.split(/\s+/) ?? []).filter((word) => word !== '');
  const suites = words('suites').filter((candidate) => belongsTo(suite, candidate));
  const wanted = words('components').filter((component) => components.includes(component));
  const enabled = !/^(?:no|false|off|0|without|disable)$/i.test(fields.get('enabled')?.trim() ?? 'yes');
  if (!enabled || !words('types').includes('deb') || suites.length === 0 || wanted.length === 0) return undefined;
  const kept = [...fields]
    .filter(([name]) => !['types', 'suites', 'components', 'enabled'].includes(name))
    .map(([name, value]) => `${name}:${value}`);
  return [`Types: deb`, `Suites: ${suites.join(' ')}`, `Components: ${wanted.join(' ')}`, ...kept].join('\n');
}

/** Field names in lower case; a value keeps its continuation lines (an inline key has many). */
function parseFields(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of paragraph.split('\n')) {
    const match = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/.exec(line);
    if (match !== null) {
      name = (match[1] ?? '').toLowerCase();
      fields.set(name, match[2] ?? '');
    } else if (name !== '' && /^\s/.test(line)) fields.set(name, `${fields.get(name)}\n${line}`);
  }
  return fields;
}

/** Reads what the host's apt knows about `suite`. */
export async function loadAptSources(suite: string, components: readonly string[]): Promise<AptSources> {
  const paragraphs: string[] = [];
  const lines = selectLines(await readIfThere(join(aptDirectory, 'sources.list')), suite, components);
  for (const name of await listIfThere(join(aptDirectory, 'sources.list.d'))) {
    const text = /\.(?:list|sources)$/.test(name) ? await readIfThere(join(aptDirectory, 'sources.list.d', name)) : '';
    if (name.endsWith('.list')) lines.push(...selectLines(text, suite, components));
    else paragraphs.push(...selectParagraphs(text, suite, components));
  }
  return {
    deb822: paragraphs.map((paragraph) => `${paragraph}\n`).join('\n'),
    lines: lines.map((line) => `${line}\n`).join(''),
  };
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return '';
    throw error;
  });
}

async function listIfThere(path: string): Promise<string[]> {
  const names = await readdir(path).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  return names.sort();
}
