import { z } from 'zod';
import { type BaseId, type JailName, parseBaseId, parseJailName } from '../base/brands.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { parsed } from '../config/values.js';
import { listOf } from './fields.js';
import type { RecordKind } from './record-codec.js';

/** One range that is given out. */
export interface IdEntry {
  readonly base: BaseId;
  readonly jail: JailName;
}

const entry = parsed((text): IdEntry => {
  const [base, jail, ...more] = text.split(' ');
  if (base === undefined || jail === undefined || more.length > 0)
    throw new InvalidValueError(`"${text.slice(0, 80)}" is not a range; write BASE JAIL`);
  return { base: parseBaseId(base), jail: parseJailName(jail) };
});

/** `STATE/ids.ini`: which jail has which ids. No base and no jail stands in it twice. */
export const idsKind: RecordKind<readonly IdEntry[]> = {
  kind: 'ids',
  version: 1,
  shape: z
    .strictObject({ ids: z.strictObject({ range: listOf(entry, 32_768).optional() }).optional() })
    .transform(({ ids }): readonly IdEntry[] => ids?.range ?? [])
    .refine((entries) => new Set(entries.map(({ base }) => base)).size === entries.length, 'a base stands in it twice')
    .refine((entries) => new Set(entries.map(({ jail }) => jail)).size === entries.length, 'a jail stands in it twice'),
  format: (entries) => [['ids', { range: entries.map(({ base, jail }) => `${base} ${jail}`) }]],
};
