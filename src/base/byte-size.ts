import { InvalidValueError } from './invalid-value.js';
import { escapeUntrusted } from './untrusted.js';

const suffixes = ['', 'K', 'M', 'G', 'T', 'P'] as const;

/** Text such as `4096`, `64K`, `512M`, `2G`, `1.5G` (powers of 1024; a trailing `B` or `iB` is allowed) to bytes. */
export function parseByteSize(text: string): number {
  const match = /^([0-9]{1,15})(?:\.([0-9]{1,3}))?([KMGTP]?)(?:i?B)?$/i.exec(text.trim());
  if (match === null) {
    throw new InvalidValueError(
      `"${escapeUntrusted(text.trim(), 40)}" is not a size; write bytes or a number with K, M, G or T, as in 512M`,
    );
  }
  const power = suffixes.indexOf((match[3] ?? '').toUpperCase() as (typeof suffixes)[number]);
  const bytes = Math.round(Number(`${match[1]}.${match[2] ?? '0'}`) * 1024 ** power);
  if (!Number.isSafeInteger(bytes)) throw new InvalidValueError(`the size ${text.trim()} is too large`);
  return bytes;
}

/** Bytes to the shortest exact text that `parseByteSize` reads back (`536870912` is `512M`). */
export function formatByteSize(bytes: number): string {
  let power = 0;
  while (power < suffixes.length - 1 && bytes !== 0 && bytes % 1024 ** (power + 1) === 0) power += 1;
  return `${bytes / 1024 ** power}${suffixes[power]}`;
}
