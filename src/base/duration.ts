import { InvalidValueError } from './invalid-value.js';
import { escapeUntrusted } from './untrusted.js';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Text such as `500ms`, `30s`, `5m`, `2h`, `1d`, or a sum (`1h30m`), to milliseconds. A bare number is refused: it has no unit (but `0`). */
export function parseDurationMs(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (!/^(?:[0-9]{1,12}(?:ms|s|m|h|d))+$/.test(trimmed)) {
    throw new InvalidValueError(
      `"${escapeUntrusted(trimmed, 40)}" is not a duration; write a number with ms, s, m, h or d, as in 30s`,
    );
  }
  let total = 0;
  for (const [, digits, unit] of trimmed.matchAll(/([0-9]+)(ms|s|m|h|d)/g))
    total += Number(digits) * (unitsMs[unit ?? ''] ?? 0);
  if (!Number.isSafeInteger(total)) throw new InvalidValueError(`the duration ${trimmed} is too long`);
  return total;
}

/** Milliseconds to the shortest exact text that `parseDurationMs` reads back. */
export function formatDurationMs(durationMs: number): string {
  if (durationMs === 0) return '0';
  const unit = ['d', 'h', 'm', 's'].find((name) => durationMs % (unitsMs[name] ?? 1) === 0) ?? 'ms';
  return `${durationMs / (unitsMs[unit] ?? 1)}${unit}`;
}
