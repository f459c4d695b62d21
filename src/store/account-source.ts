import type { AccountName } from '../base/brands.js';
import type { Config } from '../config/schema.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import type { AccountLookup, AccountSource } from './account-lookup.js';
import type { AccountStore } from './accounts.js';
import { LookupProgram } from './lookup-program.js';

export type { AccountSource } from './account-lookup.js';

/** Accounts from the records of `jailctl account`. */
class RecordSource implements AccountSource {
  readonly #accounts: AccountStore;

  constructor(accounts: AccountStore) {
    this.#accounts = accounts;
  }

  async find(name: AccountName): Promise<AccountLookup> {
    try {
      const account = await this.#accounts.find(name);
      return account === undefined ? { outcome: 'unknown' } : { outcome: 'found', account };
    } catch (error) {
      const reason = isJaildError(error)
        ? error
        : new JaildError('internal', 'an account record could not be read', { fields: { name }, cause: error });
      return { outcome: 'unavailable', reason };
    }
  }
}

/** Asks one source after the other while the name is unknown; one that is unavailable ends the search. */
class SourceChain implements AccountSource {
  readonly #sources: readonly AccountSource[];

  constructor(sources: readonly AccountSource[]) {
    this.#sources = sources;
  }

  async find(name: AccountName): Promise<AccountLookup> {
    for (const source of this.#sources) {
      const lookup = await source.find(name);
      if (lookup.outcome !== 'unknown') return lookup;
    }
    return { outcome: 'unknown' };
  }
}

/** The records first, then the look-up program when one is configured. */
export function openAccountSource(
  auth: Pick<Config['auth'], 'lookupProgram' | 'lookupTimeoutMs'>,
  accounts: AccountStore,
): AccountSource {
  const records = new RecordSource(accounts);
  if (auth.lookupProgram.length === 0) return records;
  return new SourceChain([
    records,
    new LookupProgram({ command: auth.lookupProgram, timeoutMs: auth.lookupTimeoutMs }),
  ]);
}
