import { z } from 'zod';

/** Largest password that is looked at; a longer one is refused before any hashing (CVE-2016-6515). */
export const maxPasswordBytes = 1024;

/** Bytes as base64 on the wire, at most `maxBytes` of them; the broker's side reads a Buffer. */
export function bytes(maxBytes: number) {
  return z
    .string()
    .max(Math.ceil(maxBytes / 3) * 4)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/)
    .transform((text): Buffer => Buffer.from(text, 'base64'));
}

/** Text of bounded length without NUL. */
export function text(maxLength: number, minLength = 0) {
  return z
    .string()
    .min(minLength)
    .max(maxLength)
    .refine((value) => !value.includes('\0'), 'holds a NUL');
}

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number) {
  return z.number().int().min(min).max(max);
}

export const port = whole(0, 65535);
export const identifier = text(64, 1);
export const milliseconds = whole(0, 2 ** 45);
/** A source or local address as the listener saw it. */
export const address = text(64);
export const counter = whole(0, Number.MAX_SAFE_INTEGER);

/** What a denied request answers: a stable code and one plain line for the user. */
export const refused = z.strictObject({ outcome: z.literal('refused'), code: text(64, 1), text: text(1000) });

export const empty = z.strictObject({});
