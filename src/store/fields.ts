import { z } from 'zod';
import { parseAccountName, parseBaseId, parseHostName, parseJailName } from '../base/brands.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { matching, parsed } from '../config/values.js';

/** Kinds of value that several records use. */
export const accountName = parsed(parseAccountName);
export const jailName = parsed(parseJailName);
export const baseId = parsed(parseBaseId);
export const hostName = parsed(parseHostName);

/** Which host user or group owns a record: `user:NAME` or `group:NAME`. */
export const owner = matching(
  /^(?:user|group):[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/,
  'an owner (user:NAME or group:NAME)',
);

/** A moment as ISO 8601 in UTC. */
export const moment = parsed((text) => {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidValueError(`"${text.slice(0, 40)}" is not a time; write it like 2026-01-31T12:00:00.000Z`);
});

/** A list of texts; one text alone counts as a list of one. */
export function listOf<Value>(type: z.ZodType<Value, string>, maximum: number): z.ZodType<Value[], unknown> {
  return z.union([z.array(type).max(maximum), type.transform((value) => [value])]);
}
