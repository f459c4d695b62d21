import { z } from 'zod';
import { parseAbsolutePath, parseHostUid, parseTemplateName } from '../base/brands.js';
import { parseByteSize } from '../base/byte-size.js';
import { parseDurationMs } from '../base/duration.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { parseListenAddress, parseSubnet } from '../base/ip.js';

/** A zod type that reads one INI text with a parser of `src/base`; the parser's message becomes the issue. */
export function parsed<Value>(parse: (text: string) => Value): z.ZodType<Value, string> {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

export const yesNo = parsed((text): boolean => {
  if (['yes', 'true', 'on', '1'].includes(text)) return true;
  if (['no', 'false', 'off', '0'].includes(text)) return false;
  throw new InvalidValueError(`"${text}" is neither yes nor no`);
});

/** One of the words. */
export function word<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodType<Words[number], string> {
  return parsed((text): Words[number] => {
    if (words.includes(text)) return text;
    throw new InvalidValueError(`"${text}" is not one of ${words.join(', ')}`);
  });
}

export function integer(minimum: number, maximum: number): z.ZodType<number, string> {
  return parsed((text) =>
    within(/^[0-9]{1,12}$/.test(text) ? Number(text) : Number.NaN, minimum, maximum, (n) => String(n), text),
  );
}

/** Milliseconds. */
export function duration(minimum: string, maximum: string): z.ZodType<number, string> {
  return parsed((text) => {
    const value = parseDurationMs(text);
    if (value >= parseDurationMs(minimum) && value <= parseDurationMs(maximum)) return value;
    throw new InvalidValueError(`${text} is outside ${minimum} to ${maximum}`);
  });
}

/** Bytes. */
export function size(minimum: string, maximum: string): z.ZodType<number, string> {
  return parsed((text) => {
    const value = parseByteSize(text);
    if (value >= parseByteSize(minimum) && value <= parseByteSize(maximum)) return value;
    throw new InvalidValueError(`${text} is outside ${minimum} to ${maximum}`);
  });
}

export const text = z.string();
export const path = parsed(parseAbsolutePath);
export const uid = parsed(parseHostUid);
export const listenAddress = parsed(parseListenAddress);
export const subnet = parsed(parseSubnet);
export const templateName = parsed(parseTemplateName);

/** Text with a pattern, and what to say when it does not match. */
export function matching(pattern: RegExp, what: string): z.ZodType<string, string> {
  return parsed((value) => {
    if (pattern.test(value)) return value;
    throw new InvalidValueError(`"${value.slice(0, 60)}" is not ${what}`);
  });
}

/** Either the empty text (nothing) or a value of the type. */
export function optional<Value>(type: z.ZodType<Value, string>): z.ZodType<Value | undefined, string> {
  return z.union([z.literal('').transform(() => undefined), type]);
}

function within(
  value: number,
  minimum: number,
  maximum: number,
  show: (value: number) => string,
  written: string,
): number {
  if (value >= minimum && value <= maximum) return value;
  throw new InvalidValueError(
    `"${written.slice(0, 30)}" is not a whole number from ${show(minimum)} to ${show(maximum)}`,
  );
}
