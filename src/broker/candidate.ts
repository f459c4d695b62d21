import { type AccountName, accountOfJail, isJailName, type JailName } from '../base/brands.js';
import { isInSubnet, parseIpBytes } from '../base/ip.js';
import type { AccountSource } from '../store/account-lookup.js';
import type { Account } from '../store/accounts.js';

/** Whom a user name may stand for. `nobody` covers a name outside the pattern, an unknown, a locked and an expired account alike. */
export type Candidate =
  | { readonly outcome: 'account'; readonly account: Account; readonly jail: JailName }
  | { readonly outcome: 'nobody'; readonly why: 'not-a-name' | 'unknown' | 'locked' | 'expired' | 'source' }
  | { readonly outcome: 'unavailable'; readonly reason: unknown };

/** `alice` is the account with its default jail, `alice+web` the jail of that name. One pattern judges all names; no path is made before. */
export async function findCandidate(
  accounts: AccountSource,
  user: string,
  source: string,
  nowMs: number,
): Promise<Candidate> {
  if (!isJailName(user)) return { outcome: 'nobody', why: 'not-a-name' };
  const name: AccountName = accountOfJail(user);
  const lookup = await accounts.find(name);
  if (lookup.outcome === 'unavailable') return { outcome: 'unavailable', reason: lookup.reason };
  if (lookup.outcome === 'unknown') return { outcome: 'nobody', why: 'unknown' };
  const { account } = lookup;
  const why = findObstacle(account, source, nowMs);
  if (why !== null) return { outcome: 'nobody', why };
  const jail = user.includes('+') ? user : (account.defaultJail ?? user);
  return { outcome: 'account', account, jail };
}

/**
 * Whether a login must end: its record is gone, locked or expired, or it is a new one of the same name: that may be somebody else's.
 * A login without a record is not watched.
 */
export function hasEnded(
  login: { readonly recordCreated?: string },
  record: Account | undefined,
  source: string,
  nowMs: number,
): boolean {
  if (login.recordCreated === undefined) return false;
  return record === undefined || record.created !== login.recordCreated || findObstacle(record, source, nowMs) !== null;
}

/** Why this account may not log in from there now, or null. */
export function findObstacle(account: Account, source: string, nowMs: number): 'locked' | 'expired' | 'source' | null {
  if (account.state !== 'active') return 'locked';
  if (account.options.expires !== undefined && nowMs >= Date.parse(account.options.expires)) return 'expired';
  const { from } = account.options;
  if (from === undefined) return null;
  const address = parseIpBytes(source);
  return from.some((block) => isInSubnet(address, block)) ? null : 'source';
}
