import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type IniDocument, parseIni } from '../base/ini.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { isAbsent, isForbidden } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';

/** Where the configuration is when nobody says otherwise. */
export const defaultConfigFile = '/etc/jaild/jaild.ini';

const writableByOthers = 0o002;

/**
 * Reads the main file and then `FILE.d/*.ini` in the order of their names (a later file's key replaces an earlier one's).
 * `mayBeAbsent`: without a main file the defaults hold. A file that everybody may write is refused: whoever writes it becomes root.
 */
export function readConfigFiles(file: string, mayBeAbsent: boolean): IniDocument[] {
  const main = readOne(file);
  if (main === undefined && !mayBeAbsent)
    throw new JaildError('config-missing', `there is no configuration file ${file}`, { fields: { file } });
  const documents = main === undefined ? [] : [main];
  for (const dropIn of listDropIns(`${file}.d`)) {
    const document = readOne(dropIn);
    if (document !== undefined) documents.push(document);
  }
  return documents;
}

function listDropIns(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.ini') && !name.startsWith('.'));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw unreadable(folder, error);
  }
}

function readOne(file: string): IniDocument | undefined {
  try {
    const facts = statSync(file);
    if (!facts.isFile()) throw new JaildError('config-unreadable', `${file} is not a file`, { fields: { file } });
    if ((facts.mode & writableByOthers) !== 0) {
      throw new JaildError('config-unreadable', `${file} can be written by everybody; chmod o-w it`, {
        fields: { file },
      });
    }
    return parseIni(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (isAbsent(error) && !isDanglingLink(file)) return undefined;
    if (error instanceof InvalidValueError) throw new JaildError('config-invalid', error.message, { cause: error });
    throw error instanceof JaildError ? error : unreadable(file, error);
  }
}

function isDanglingLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function unreadable(file: string, error: unknown): JaildError {
  const hint = isForbidden(error) ? ' (are you root?)' : '';
  return new JaildError('config-unreadable', `${file} cannot be read${hint}`, { fields: { file }, cause: error });
}
