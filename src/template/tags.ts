import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatIni, parseIni } from '../base/ini.js';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';

/** Names for versions: tag to version id. `latest` is what a jail gets that pins nothing. */
export type Tags = Readonly<Record<string, string>>;

const tagPattern = /^[a-z][a-z0-9_-]{0,39}$/;

/** The tags of the template whose directory this is; none when it has not been built. */
export async function loadTags(templateDirectory: string): Promise<Tags> {
  const file = join(templateDirectory, 'tags.ini');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return '';
    throw error;
  });
  return parseTags(text, file);
}

export function parseTags(text: string, file: string): Tags {
  try {
    const entries = parseIni(text, file).sections.get('tags')?.entries ?? new Map();
    return Object.fromEntries(
      [...entries].filter(([tag]) => tagPattern.test(tag)).map(([tag, entry]) => [tag, entry.values[0] ?? '']),
    );
  } catch (error) {
    throw new JaildError('template-damaged', error instanceof Error ? error.message : String(error), { cause: error }); // expected: a damaged file
  }
}

/** Text of the tags file. */
export function formatTags(tags: Tags): string {
  return formatIni([['tags', tags]], ['written by jailctl']);
}
