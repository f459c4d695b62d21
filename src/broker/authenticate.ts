import { isJailName } from '../base/brands.js';
import { InvalidValueError } from '../base/invalid-value.js';
import type { Config } from '../config/schema.js';
import type { AuditTrail } from '../log/audit.js';
import type { Log } from '../log/log.js';
import type { Answer, ReadQuestion } from '../privsep/request-table.js';
import type { AccountSource } from '../store/account-lookup.js';
import type { Account, AccountStore, AuthMethod } from '../store/accounts.js';
import { type AuthenticatedAccount, makeAuthenticatedAccount } from './authenticated-account.js';
import { type AuthorizedKey, isUsableFrom, parseAuthorizedKeys } from './authorized-keys.js';
import { type Candidate, findCandidate } from './candidate.js';
import type { AnonymousConnection } from './connection.js';
import { fingerprintOf } from './host-keys.js';
import { planPolicy } from './login-policy.js';
import { judgeChains } from './method-chains.js';
import type { PasswordChecker } from './passwords.js';
import { parseUserKey, type UserKey } from './user-keys.js';
import { verifyLogin } from './verify-signature.js';

/** What a credential came to. `accepted` carries the proof; all others are ready to be sent. */
export type Judgement =
  | { readonly outcome: 'accepted'; readonly account: AuthenticatedAccount }
  | { readonly outcome: 'other'; readonly verdict: Exclude<Answer<'check-password'>, { outcome: 'accepted' }> };

export interface AuthenticatorOptions {
  config(): Config;
  readonly source: AccountSource;
  readonly records: AccountStore;
  passwords(): PasswordChecker;
  readonly log: Log;
  readonly audit: AuditTrail;
}

type KeyQuestion = ReadQuestion<'check-publickey'>;
type PasswordQuestion = ReadQuestion<'check-password'>;
interface Proof {
  readonly method: AuthMethod;
  readonly key?: AuthorizedKey;
}

/**
 * Judges credentials. Unknown, locked and expired accounts take the path of a wrong credential, with the same work; a broken store is
 * `unavailable` and counts no try.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** A public key: without signature only whether it would do; with one, the login. Identity and options are those of the key that signed. */
  async checkPublicKey(connection: AnonymousConnection, question: KeyQuestion): Promise<Judgement> {
    const candidate = await this.#find(connection, question.user);
    if (candidate.outcome === 'unavailable')
      return this.#unavailable(connection, question.user, 'publickey', candidate.reason);
    const key = this.#readKey(question);
    const authorized = key === null ? undefined : this.#findAuthorized(candidate, key, connection.from.source);
    if (question.signature === undefined) {
      return authorized === undefined
        ? this.#reject(connection, question.user, 'publickey', { isProbe: true })
        : other({ outcome: 'known' });
    }
    const { sessionId } = connection.exchange;
    const { user, service, algorithm, signature } = question;
    // The signature is verified for keys of nobody too: the work must not tell who exists.
    const isProven =
      key !== null &&
      sessionId !== null &&
      (await verifyLogin({ sessionId, user, service, algorithm, key }, signature));
    if (!isProven || authorized === undefined || candidate.outcome !== 'account') {
      return this.#reject(connection, user, 'publickey', { candidate, fingerprint: fingerprintOf(question.blob) });
    }
    return this.#pass(connection, user, candidate, { method: 'publickey', key: authorized });
  }

  /** A password. A change of password is not offered; who asks for one is refused like for a wrong password. */
  async checkPassword(connection: AnonymousConnection, question: PasswordQuestion): Promise<Judgement> {
    const { user } = question;
    const candidate = await this.#find(connection, user);
    if (candidate.outcome === 'unavailable') return this.#unavailable(connection, user, 'password', candidate.reason);
    const isAllowed = this.#options.config().auth.password && question.newPassword === undefined;
    const hash = candidate.outcome === 'account' && isAllowed ? candidate.account.passwordHash : undefined;
    const verdict = await this.#options.passwords().check(question.password, hash);
    question.password.fill(0);
    if (verdict === 'busy') return this.#unavailable(connection, user, 'password', 'too many password checks wait');
    if (verdict === 'wrong' || candidate.outcome !== 'account')
      return this.#reject(connection, user, 'password', { candidate });
    return this.#pass(connection, user, candidate, { method: 'password' });
  }

  #find(connection: AnonymousConnection, user: string): Promise<Candidate> {
    if (connection.progress.user !== user) connection.progress = { user, done: [] };
    return findCandidate(this.#options.source, user, connection.from.source, Date.now());
  }

  /** The key, when it is one that may be used with the algorithm that the client names. */
  #readKey({ algorithm, blob }: KeyQuestion): UserKey | null {
    try {
      const key = parseUserKey(blob, this.#options.config().auth.minRsaBits);
      return key.algorithms.includes(algorithm) ? key : null;
    } catch (error) {
      if (error instanceof InvalidValueError) return null; // expected: damaged, weak, or of a type that we do not accept
      throw error;
    }
  }

  #findAuthorized(candidate: Candidate, key: UserKey, source: string): AuthorizedKey | undefined {
    const account = candidate.outcome === 'account' ? candidate.account : null;
    const { keys, refused } = this.#parseKeys(account);
    for (const { line, reason } of refused)
      this.#options.log.event('key.refused', { account: account?.name ?? '', line, reason });
    return keys.find((entry) => entry.key.blob.equals(key.blob) && isUsableFrom(entry.options, source, Date.now()));
  }

  readonly #parsed = new WeakMap<Account, ReturnType<typeof parseAuthorizedKeys>>();

  #parseKeys(account: Account | null): ReturnType<typeof parseAuthorizedKeys> {
    if (account === null) return { keys: [], refused: [] };
    const known = this.#parsed.get(account);
    if (known !== undefined) return { keys: known.keys, refused: [] }; // its refused lines were told already
    const parsed = parseAuthorizedKeys(account.keys, this.#options.config().auth.minRsaBits);
    this.#parsed.set(account, parsed);
    return parsed;
  }

  async #pass(
    connection: AnonymousConnection,
    user: string,
    candidate: Extract<Candidate, { outcome: 'account' }>,
    proof: Proof,
  ): Promise<Judgement> {
    const { account, jail } = candidate;
    const done = [...connection.progress.done, proof.method];
    const key = proof.key ?? connection.progress.key; // the options of a key hold for the whole chain that it is part of
    const { isEnough, next } = judgeChains(account, done);
    if (!isEnough) {
      if (next.length === 0) return this.#reject(connection, user, proof.method, { candidate });
      connection.progress = { user, done, ...(key !== undefined && { key }) };
      return other({ outcome: 'partial', methods: next, triesLeft: this.#triesLeft(connection) });
    }
    const method = done.join('+');
    const isRecord = (await this.#options.records.find(account.name)) !== undefined;
    const watched = isRecord ? { recordCreated: account.created } : {};
    const policy = planPolicy(this.#options.config(), account, key?.options ?? null);
    const fingerprint = key === undefined ? {} : { fingerprint: key.key.fingerprint };
    const { connectionId, source } = connection.from;
    this.#options.log.event('auth.accepted', { connection: connectionId, account: account.name, jail, method });
    this.#options.audit.record('login.accepted', {
      connection: connectionId,
      account: account.name,
      jail,
      method,
      source,
      ...fingerprint,
    });
    return {
      outcome: 'accepted',
      account: makeAuthenticatedAccount({ account: account.name, jail, policy, method, ...watched, ...fingerprint }),
    };
  }

  #reject(
    connection: AnonymousConnection,
    user: string,
    method: AuthMethod,
    facts: { isProbe?: boolean; candidate?: Candidate; fingerprint?: string },
  ): Judgement {
    connection.tries += 1;
    if (facts.isProbe !== true) {
      const { connectionId, source } = connection.from;
      const why = facts.candidate?.outcome === 'nobody' ? facts.candidate.why : 'credential';
      // A password typed as user name must not end up in a file: only what can be a name is written down.
      const untrusted = isJailName(user) ? { untrusted: { user } } : {};
      const fingerprint = facts.fingerprint === undefined ? {} : { fingerprint: facts.fingerprint };
      this.#options.log.event('auth.rejected', { connection: connectionId, source, method, why, ...untrusted });
      this.#options.audit.record('login.rejected', {
        connection: connectionId,
        source,
        method,
        why,
        ...fingerprint,
        ...untrusted,
      });
    }
    return other({ outcome: 'rejected', methods: this.#methods(), triesLeft: this.#triesLeft(connection) });
  }

  #unavailable(connection: AnonymousConnection, user: string, method: AuthMethod, reason: unknown): Judgement {
    const { connectionId, source } = connection.from;
    const untrusted = isJailName(user) ? { untrusted: { user } } : {};
    this.#options.log.event('auth.unavailable', { connection: connectionId, method, ...untrusted, error: reason });
    this.#options.audit.record('login.unavailable', { connection: connectionId, source, method, ...untrusted });
    return other({ outcome: 'unavailable', methods: this.#methods(), triesLeft: this.#triesLeft(connection) });
  }

  /** The same for everybody: which methods an account has is told to nobody who has not begun to prove themselves. */
  #methods(): AuthMethod[] {
    return this.#options.config().auth.password ? ['publickey', 'password'] : ['publickey'];
  }

  #triesLeft(connection: AnonymousConnection): number {
    return Math.max(0, this.#options.config().auth.maxTries - connection.tries);
  }
}

function other(verdict: Extract<Judgement, { outcome: 'other' }>['verdict']): Judgement {
  return { outcome: 'other', verdict };
}
