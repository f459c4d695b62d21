import type { z } from 'zod';
import { formatIni, type IniDocument, type IniOutput, type IniSection, parseIni } from '../base/ini.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { JaildError } from '../errors/jaild-error.js';

/** How one kind of record is written. The shape's keys are sections, then keys; it must refuse what it does not know. */
export interface RecordKind<Value> {
  readonly kind: string;
  readonly version: number;
  readonly shape: z.ZodType<Value, unknown>;
  readonly format: (value: Value) => IniOutput;
}

const versionPattern = /^[1-9][0-9]{0,5}$/;

/**
 * Text to value. A record ends with its `[record]` section, so that a file that was cut off anywhere is noticed.
 * Faults: `record-damaged` (not a whole record), `record-too-new`, `record-invalid` (whole, but a key or value is wrong: a hand edit).
 */
export function parseRecord<Value>(kind: RecordKind<Value>, text: string, file: string): Value {
  const document = parseText(text, file);
  checkVersion(kind, document);
  const raw: Record<string, Record<string, string | readonly string[]>> = {};
  for (const section of document.sections.values())
    if (section.name !== 'record') raw[section.name] = rawSection(section);
  const result = kind.shape.safeParse(raw);
  if (result.success) return result.data;
  throw new JaildError(
    'record-invalid',
    result.error.issues.map((issue) => describeIssue(issue, document)).join('\n'),
    { fields: { file } },
  );
}

/** Value to text; what comes back from `parseRecord` is equal. */
export function formatRecord<Value>(kind: RecordKind<Value>, value: Value): string {
  return formatIni(
    [...kind.format(value), ['record', { kind: kind.kind, version: String(kind.version) }]],
    [`${kind.kind} record of jaild; better changed with jailctl than by hand`],
  );
}

function parseText(text: string, file: string): IniDocument {
  try {
    return parseIni(text, file);
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    throw new JaildError('record-damaged', error.message, { fields: { file }, cause: error });
  }
}

function checkVersion<Value>({ kind, version }: RecordKind<Value>, document: IniDocument): void {
  const { file, sections } = document;
  const facts = sections.get('record')?.entries;
  const found = facts?.get('version')?.values[0];
  if (found === undefined || !versionPattern.test(found)) {
    throw new JaildError(
      'record-damaged',
      `${file} is not a whole record: its last section, [record] with a version, is missing`,
      { fields: { file } },
    );
  }
  if (facts?.get('kind')?.values[0] !== kind)
    throw new JaildError('record-damaged', `${file} is not a record of kind ${kind}`, { fields: { file } });
  if (Number(found) > version) {
    throw new JaildError(
      'record-too-new',
      `${file}: version ${found} is newer than ${version}; it was written by a newer jaild and is left as it is`,
      { fields: { file } },
    );
  }
}

function rawSection(section: IniSection): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    [...section.entries.values()].map((entry) => [entry.key, entry.isList ? entry.values : (entry.values[0] ?? '')]),
  );
}

function describeIssue(issue: z.core.$ZodIssue, document: IniDocument): string {
  const [section, key] = issue.path.map(String);
  const found = section === undefined ? undefined : document.sections.get(section);
  const line = (key === undefined ? undefined : found?.entries.get(key)?.line) ?? found?.line;
  const where = `${document.file}${line === undefined ? '' : `:${line}`}: ${section === undefined ? '' : `[${section}] `}${key === undefined ? '' : `${key}: `}`;
  if (issue.code !== 'unrecognized_keys') return `${where}${issue.message}`;
  return issue.keys
    .map(
      (name) =>
        `${document.file}:${lineOf(document, section, name)}: ${section === undefined ? `no section [${name}]` : `[${section}] has no key ${name}`} is known here`,
    )
    .join('\n');
}

function lineOf(document: IniDocument, section: string | undefined, name: string): number {
  return (
    (section === undefined
      ? document.sections.get(name)?.line
      : document.sections.get(section)?.entries.get(name)?.line) ?? 1
  );
}
