import { normalize } from 'node:path';
import { InvalidValueError } from './invalid-value.js';
import { escapeUntrusted } from './untrusted.js';

declare const brand: unique symbol;

/** A value that only its parser makes, so that two kinds of text or number cannot be mixed up. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };

/** Who may log in: `^[a-z_][a-z0-9_-]{0,31}$`. */
export type AccountName = Brand<string, 'AccountName'>;
/** `ACCOUNT` or `ACCOUNT+LABEL`; LABEL is `^[a-z0-9][a-z0-9_-]{0,30}$`. */
export type JailName = Brand<string, 'JailName'>;
/** `^[a-z0-9][a-z0-9._-]{0,63}$`, never containing `..`. */
export type TemplateName = Brand<string, 'TemplateName'>;
/** A uid as the host sees it. */
export type HostUid = Brand<number, 'HostUid'>;
/** First host uid of a jail's range of 65536 ids, a multiple of 65536. */
export type BaseId = Brand<number, 'BaseId'>;
/** A normalized path that begins with `/`, has no NUL and no trailing slash. */
export type AbsolutePath = Brand<string, 'AbsolutePath'>;
/** A host name for a jail: RFC 1123 labels, at most 64 bytes (`sethostname(2)`). */
export type HostName = Brand<string, 'HostName'>;

const accountPattern = /^[a-z_][a-z0-9_-]{0,31}$/;
const labelPattern = /^[a-z0-9][a-z0-9_-]{0,30}$/;
const templatePattern = /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,63}$/;
const hostNamePattern = /^(?!.{65})[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** How many ids one jail has. */
export const idsPerJail = 65_536;

function shown(text: string): string {
  return `"${escapeUntrusted(text, 80)}"`;
}

export function isAccountName(text: string): text is AccountName {
  return accountPattern.test(text);
}

export function isJailName(text: string): text is JailName {
  const [account = '', label, ...more] = text.split('+');
  return more.length === 0 && isAccountName(account) && (label === undefined || labelPattern.test(label));
}

export function parseAccountName(text: string): AccountName {
  if (isAccountName(text)) return text;
  throw new InvalidValueError(
    `${shown(text)} is not an account name: use 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or _`,
  );
}

export function parseJailName(text: string): JailName {
  if (isJailName(text)) return text;
  throw new InvalidValueError(
    `${shown(text)} is not a jail name: it is ACCOUNT or ACCOUNT+LABEL, as in alice or alice+web`,
  );
}

/** The account part of a jail's name. */
export function accountOfJail(jail: JailName): AccountName {
  return parseAccountName(jail.split('+')[0] ?? '');
}

export function parseTemplateName(text: string): TemplateName {
  if (templatePattern.test(text)) return text as TemplateName;
  throw new InvalidValueError(`${shown(text)} is not a template name: use 1 to 64 of a-z, 0-9, ., _ and -`);
}

export function parseHostName(text: string): HostName {
  if (hostNamePattern.test(text)) return text as HostName;
  throw new InvalidValueError(`${shown(text)} is not a host name: use a-z, 0-9, - and dots, at most 64 in all`);
}

export function parseHostUid(value: string | number): HostUid {
  const uid = typeof value === 'number' ? value : /^[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isInteger(uid) && uid >= 0 && uid < 0xffff_ffff) return uid as HostUid;
  throw new InvalidValueError(`${shown(String(value))} is not a user id`);
}

export function parseBaseId(value: string | number): BaseId {
  const uid = parseHostUid(value);
  if (uid >= 100_000 && uid % idsPerJail === 0 && uid < 0x7fff_0000) return uid as number as BaseId;
  throw new InvalidValueError(
    `${uid} cannot be a jail's first id: it must be a multiple of ${idsPerJail} and at least 100000`,
  );
}

/** Refuses relative paths; resolves `.`, `..` and double slashes by text alone (for paths the admin wrote, never for paths inside a jail). */
export function parseAbsolutePath(text: string): AbsolutePath {
  if (!text.startsWith('/') || text.includes('\0'))
    throw new InvalidValueError(`${shown(text)} is not an absolute path`);
  const path = normalize(text);
  return (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path) as AbsolutePath;
}
