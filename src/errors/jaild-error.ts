import type { ErrorCode } from './codes.js';

/** Facts that go with a fault, for the log and for the admin's screen. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * The one class for faults (expected outcomes are values instead).
 * The message is for the admin; the user's text comes from the code.
 */
export class JaildError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, options: { fields?: ErrorFields; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'JaildError';
    this.code = code;
    this.fields = options.fields ?? {};
  }
}

/** True when `error` is a fault of one of the given codes (of any code when none is given). */
export function isJaildError(error: unknown, ...wanted: ErrorCode[]): error is JaildError {
  return error instanceof JaildError && (wanted.length === 0 || wanted.includes(error.code));
}
