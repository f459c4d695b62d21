import { escapeUntrusted } from '../base/untrusted.js';

/** Values that came from the network or out of a jail. Keys are ours, never theirs. */
export type UntrustedFields = Readonly<Record<string, string | Uint8Array | number | boolean | null | undefined>>;

const maxKeys = 16;

/** Caps and escapes what goes under the one key `untrusted` of a log line. */
export function toLoggedUntrusted(
  fields: UntrustedFields,
  cap?: number,
): Record<string, string | number | boolean | null> {
  const result: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(fields).slice(0, maxKeys)) {
    if (value === undefined) continue;
    result[name] = typeof value === 'string' || value instanceof Uint8Array ? escapeUntrusted(value, cap) : value;
  }
  return result;
}
