import { InvalidValueError } from '../base/invalid-value.js';
import { isInSubnet, parseIpBytes, parseSubnet } from '../base/ip.js';
import { type KeyOptions, parseKeyOptions } from './key-options.js';
import { parseUserKey, type UserKey } from './user-keys.js';

/** One usable line of an account's keys. */
export interface AuthorizedKey {
  readonly key: UserKey;
  readonly options: KeyOptions;
  readonly comment: string;
}

/** A line that cannot be used, and why: the admin is told, the others hold. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** All lines of an account. A line that is damaged, weak, or has an option that we do not know is refused by itself. */
export function parseAuthorizedKeys(
  lines: readonly string[],
  minRsaBits: number,
): { keys: AuthorizedKey[]; refused: RefusedLine[] } {
  const keys: AuthorizedKey[] = [];
  const refused: RefusedLine[] = [];
  for (const [index, line] of lines.entries()) {
    try {
      keys.push(parseKeyLine(line, minRsaBits));
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      refused.push({ line: index + 1, reason: error.message });
    }
  }
  return { keys, refused };
}

/** `[OPTIONS] TYPE BASE64 [COMMENT]` (sshd(8), AUTHORIZED_KEYS FILE FORMAT). Throws InvalidValueError with the reason. */
export function parseKeyLine(line: string, minRsaBits: number): AuthorizedKey {
  const match =
    /^(?:((?:[^\s"\\]|\\.|"(?:[^"\\]|\\.)*")+)\s+)?([a-z][a-z0-9@.-]*)\s+([A-Za-z0-9+/]{16,}={0,2})(?:\s+(.*))?$/s.exec(
      line.trim(),
    );
  if (match === null) throw new InvalidValueError('the line is not [options] type key [comment]');
  const [, options = '', type = '', base64 = '', comment = ''] = match;
  const key = parseUserKey(Buffer.from(base64, 'base64'), minRsaBits);
  if (!isTypeOfKey(type, key)) throw new InvalidValueError(`the line says ${type}, the key is another`);
  return { key, options: parseKeyOptions(options), comment: comment.trim() };
}

function isTypeOfKey(type: string, key: UserKey): boolean {
  return key.kind === 'rsa' ? type === 'ssh-rsa' : type === key.algorithms[0];
}

/** Whether the key may be used from this address at this moment. */
export function isUsableFrom(options: KeyOptions, source: string, nowMs: number): boolean {
  if (options.expiresMs !== undefined && nowMs >= options.expiresMs) return false;
  if (options.from === undefined) return true;
  if (options.from.some((pattern) => pattern.startsWith('!') && matchesSource(pattern.slice(1), source))) return false;
  return options.from.some((pattern) => !pattern.startsWith('!') && matchesSource(pattern, source));
}

/** A pattern of from="": an address, a CIDR block, or text with * and ?. Host names never match: nothing is looked up. */
function matchesSource(pattern: string, source: string): boolean {
  try {
    return isInSubnet(parseIpBytes(source), parseSubnet(pattern));
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error; // expected: a pattern that is no address
  }
  const expression = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${expression}$`).test(source.toLowerCase());
}
