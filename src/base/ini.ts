import { unsafe } from 'ini';
import { InvalidValueError } from './invalid-value.js';
import { escapeUntrusted } from './untrusted.js';

/** One key: a single text, or the list that `key[] = ...` lines make. `line` is that of its first line, from 1. */
export interface IniEntry {
  readonly key: string;
  readonly values: readonly string[];
  readonly isList: boolean;
  readonly line: number;
}

export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly entries: ReadonlyMap<string, IniEntry>;
}

/** A parsed file. Sections of one name are merged; keys before the first header are in the section named ''. */
export interface IniDocument {
  readonly file: string;
  readonly sections: ReadonlyMap<string, IniSection>;
}

/** What `formatIni` writes: sections in order, each with its keys in order; a list becomes `key[]` lines, undefined is left out. */
export type IniOutput = readonly (readonly [
  section: string,
  keys: Readonly<Record<string, string | readonly string[] | undefined>>,
])[];

const maxTextLength = 1 << 20;
const keyPattern = /^[a-z][a-z0-9_-]*$/;
const sectionPattern = /^[A-Za-z0-9][A-Za-z0-9 ._:@/+-]*$/;

interface OpenSection {
  name: string;
  line: number;
  entries: Map<string, { key: string; values: string[]; isList: boolean; line: number }>;
}

/**
 * Parses INI text; the value rules (quotes, escapes, comments after a value) are those of the `ini` package.
 * Stricter than it: a key without `=`, a key given twice without `[]`, text after a closing quote, or an odd name is an
 * InvalidValueError that names file and line, because a line that is silently ignored is a rule that silently does not hold.
 */
export function parseIni(text: string, file: string): IniDocument {
  if (text.length > maxTextLength) throw new InvalidValueError(`${file}: larger than ${maxTextLength} characters`);
  const sections = new Map<string, OpenSection>();
  let section: OpenSection = { name: '', line: 1, entries: new Map() };
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    const where = `${file}:${index + 1}`;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      const name = parseHeader(line, where);
      section = sections.get(name) ?? { name, line: index + 1, entries: new Map() };
      sections.set(name, section);
    } else {
      if (section.name === '') sections.set('', section);
      addEntry(section, line, where, index + 1);
    }
  }
  return { file, sections };
}

function parseHeader(line: string, where: string): string {
  const name = /^\[([^\]]*)\]\s*(?:[#;].*)?$/.exec(line)?.[1]?.trim();
  if (name !== undefined && sectionPattern.test(name)) return name;
  throw new InvalidValueError(`${where}: ${shown(line)} is not a section header; write [name]`);
}

function addEntry(section: OpenSection, line: string, where: string, lineNumber: number): void {
  const equals = line.indexOf('=');
  if (equals < 0) throw new InvalidValueError(`${where}: ${shown(line)} has no value; write key = value`);
  const written = line.slice(0, equals).trim();
  const isList = written.endsWith('[]');
  const key = isList ? written.slice(0, -2) : written;
  if (!keyPattern.test(key))
    throw new InvalidValueError(`${where}: ${shown(written)} is not a key; use a-z, 0-9, _ and -`);
  const value = decodeValue(line.slice(equals + 1).trim(), where);
  const earlier = section.entries.get(key);
  if (earlier === undefined) {
    section.entries.set(key, { key, values: [value], isList, line: lineNumber });
  } else if (isList && earlier.isList) {
    earlier.values.push(value);
  } else {
    throw new InvalidValueError(
      `${where}: ${key} was given already in line ${earlier.line}; write ${key}[] = ... on each line to make a list`,
    );
  }
}

function decodeValue(raw: string, where: string): string {
  if (raw.startsWith('"')) return decodeQuoted(raw, where);
  const value: unknown = unsafe(raw);
  // ini turns what it can into numbers and booleans when it stands in single quotes; here a value is always text.
  return typeof value === 'string' ? value : raw.replace(/^'(.*)'$/, '$1');
}

function decodeQuoted(raw: string, where: string): string {
  const quoted = /^"(?:[^"\\]|\\.)*"(?=\s*(?:[#;].*)?$)/.exec(raw)?.[0];
  const value: unknown = quoted === undefined ? undefined : unsafe(quoted);
  // unsafe leaves the quotes on when what stands in them is no JSON string.
  if (typeof value === 'string' && value !== quoted) return value;
  throw new InvalidValueError(
    `${where}: ${shown(raw)} is not a quoted value; inside quotes write \\" and \\\\, and nothing but a comment after them`,
  );
}

/** Writes text that `parseIni` reads back exactly, whatever the values hold. `header` becomes comment lines on top. */
export function formatIni(sections: IniOutput, header: readonly string[] = []): string {
  const lines = header.map((line) => `# ${line}`);
  for (const [section, keys] of sections) {
    if (lines.length > 0) lines.push('');
    if (section !== '') lines.push(`[${section}]`);
    for (const [key, value] of Object.entries(keys)) {
      if (value === undefined) continue;
      if (typeof value === 'string') lines.push(`${key} = ${encodeValue(value)}`);
      else lines.push(...value.map((item) => `${key}[] = ${encodeValue(item)}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Plain when every reader agrees on what it means, else a JSON string (the one quoting that the ini package undoes exactly). */
export function encodeValue(value: string): string {
  return /^[A-Za-z0-9/_.@%:+$*][A-Za-z0-9/_.@%:+$*=, -]*$/.test(value) && value === value.trim()
    ? value
    : JSON.stringify(value);
}

function shown(text: string): string {
  return `"${escapeUntrusted(text, 60)}"`;
}
