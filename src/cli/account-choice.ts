import { type AccountName, accountOfJail, type JailName, parseAccountName, parseJailName } from '../base/brands.js';
import type { CliContext } from './context.js';

/** The first argument as an account's name. */
export function readAccountName(args: readonly string[]): AccountName {
  return parseAccountName(args[0] ?? '');
}

/** The first argument as a jail's name. */
export function readJailName(args: readonly string[]): JailName {
  return parseJailName(args[0] ?? '');
}

/** Names of the account's jails, by their names alone (also of those whose record is damaged). */
export function jailsOf(context: CliContext, account: AccountName): JailName[] {
  return context.jails.listNames().filter((name) => accountOfJail(name) === account);
}
