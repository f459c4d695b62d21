import { InvalidValueError } from '../base/invalid-value.js';
import { escapeUntrusted } from '../base/untrusted.js';
import { codes, type ErrorCode } from './codes.js';
import { type ErrorFields, isJaildError, JaildError } from './jaild-error.js';

const maxCauses = 8;

/** The code of any thrown value: a parser's refusal is `usage`, what nobody expected is `internal`. */
export function codeOf(error: unknown): ErrorCode {
  if (isJaildError(error)) return error.code;
  return error instanceof InvalidValueError ? 'usage' : 'internal';
}

/** What the remote user may read: one plain line and the code. Says nothing of the host. */
export function toUserText(error: unknown): string {
  const code = codeOf(error);
  return `${codes[code].user} [${code}]`;
}

/** Exit status of a command that ends with this error. */
export function toExitStatus(error: unknown): number {
  return codes[codeOf(error)].exit;
}

/** Everything for the admin: the message, its fields and the chain of causes, one line each, safe for a terminal. */
export function toAdminText(error: unknown): string {
  const lines = causesOf(error).map((cause, depth) => `${depth === 0 ? '' : '  because: '}${describe(cause)}`);
  return lines.join('\n');
}

/** The shape under which a log line carries an error. The stack is there only for what nobody expected. */
export interface LoggedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly causes?: readonly string[];
  readonly fields?: ErrorFields;
  readonly stack?: string;
}

export function toLoggedError(error: unknown): LoggedError {
  const [first, ...causes] = causesOf(error);
  const code = codeOf(error);
  return {
    code,
    message: messageOf(first),
    ...(causes.length > 0 && { causes: causes.map(messageOf) }),
    ...(first instanceof JaildError && Object.keys(first.fields).length > 0 && { fields: first.fields }),
    ...(code === 'internal' && first instanceof Error && { stack: escapeUntrusted(first.stack ?? '', 2000) }),
  };
}

/** Both faults, when cleaning up after the first failed too; the code is the first one's. */
export function withCleanupFailure(error: unknown, cleanup: unknown): JaildError {
  return new JaildError(codeOf(error), `${messageOf(error)} (cleaning up failed too: ${messageOf(cleanup)})`, {
    cause: error,
  });
}

function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (
    let at: unknown = error;
    at !== undefined && chain.length < maxCauses;
    at = at instanceof Error ? at.cause : undefined
  )
    chain.push(at);
  return chain;
}

function messageOf(error: unknown): string {
  return escapeUntrusted(error instanceof Error ? error.message : String(error), 1000);
}

function describe(error: unknown): string {
  const fields = error instanceof JaildError ? Object.entries(error.fields) : [];
  const shown = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeUntrusted(String(value))}`);
  return messageOf(error) + (shown.length > 0 ? ` (${shown.join(', ')})` : '');
}
