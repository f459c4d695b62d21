import type { AccountName } from '../base/brands.js';
import type { JaildError } from '../errors/jaild-error.js';
import type { Account } from './accounts.js';

/** What a source knows of a name. `unavailable` is not `unknown`: nobody may be refused as unknown because a store is broken. */
export type AccountLookup =
  | { readonly outcome: 'found'; readonly account: Account }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'unavailable'; readonly reason: JaildError };

/** Where accounts come from. Never rejects. */
export interface AccountSource {
  find(name: AccountName): Promise<AccountLookup>;
}
