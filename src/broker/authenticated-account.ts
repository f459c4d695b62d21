import type { AccountName, JailName } from '../base/brands.js';
import type { LoginPolicy } from './login-policy.js';

declare const proven: unique symbol;

/** How a login was proven: by credentials here, or by the secret of a login that an earlier broker proved. */
export interface LoginEvidence {
  readonly account: AccountName;
  readonly jail: JailName;
  readonly policy: LoginPolicy;
  /** `publickey`, `password`, or the chain that was passed (`publickey+password`). */
  readonly method: string;
  /** Of the key, when one was used. */
  readonly fingerprint?: string;
  /** When the account's record was made; the account is watched by it. Absent: it came from a look-up program. */
  readonly recordCreated?: string;
}

/** Somebody who has logged in. Only `makeAuthenticatedAccount` makes one, and only `authenticate.ts` and `resume.ts` call that. */
export interface AuthenticatedAccount extends LoginEvidence {
  readonly [proven]: true;
}

export function makeAuthenticatedAccount(evidence: LoginEvidence): AuthenticatedAccount {
  return Object.freeze({ ...evidence }) as AuthenticatedAccount;
}
