import { readFileSync } from 'node:fs';
import { type BaseId, idsPerJail, parseBaseId } from '../base/brands.js';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';

/** A run of host ids, last one included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
  /** For messages: who has it. */
  readonly holder: string;
}

export function rangeOfBase(base: BaseId, holder: string): IdRange {
  return { first: base, last: base + idsPerJail - 1, holder };
}

export function overlaps(left: Pick<IdRange, 'first' | 'last'>, right: Pick<IdRange, 'first' | 'last'>): boolean {
  return left.first <= right.last && right.first <= left.last;
}

/** The lowest base from `firstBase` to `lastBase` whose range touches none of the taken ones, or undefined when all are taken. */
export function planBase(firstBase: number, lastBase: number, taken: readonly IdRange[]): BaseId | undefined {
  const ordered = [...taken].sort((left, right) => left.first - right.first);
  let candidate = Math.ceil(firstBase / idsPerJail) * idsPerJail;
  for (const range of ordered) {
    if (range.last < candidate) continue;
    if (range.first > candidate + idsPerJail - 1) break;
    candidate = Math.ceil((range.last + 1) / idsPerJail) * idsPerJail;
  }
  return candidate <= lastBase ? parseBaseId(candidate) : undefined;
}

/** The ranges that subuid(5) or subgid(5) gives away. A line that cannot be read is a fault: ignoring it could hand out ids twice. */
export function parseSubordinateIds(text: string, file: string): IdRange[] {
  const ranges: IdRange[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^([^:]+):([0-9]{1,10}):([0-9]{1,10})\s*$/.exec(line);
    if (match === null)
      throw new JaildError('ids-conflict', `${file}:${index + 1} cannot be read; it must be NAME:FIRST:COUNT`, {
        fields: { file },
      });
    const [first, count] = [Number(match[2]), Number(match[3])];
    if (count > 0) ranges.push({ first, last: first + count - 1, holder: `${file}:${index + 1}` });
  }
  return ranges;
}

/** What the host has given away already: /etc/subuid and /etc/subgid. */
export function loadSubordinateIds(files: readonly string[] = ['/etc/subuid', '/etc/subgid']): IdRange[] {
  return files.flatMap((file) => {
    try {
      return parseSubordinateIds(readFileSync(file, 'utf8'), file);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  });
}
