import { randomBytes } from 'node:crypto';
import type { AuthMethod } from '../store/accounts.js';
import type { AuthenticatedAccount } from './authenticated-account.js';
import type { AuthorizedKey } from './authorized-keys.js';
import type { ExchangeParts } from './exchange-hash.js';

/** Where a connection comes from, as the listener's kernel saw it. */
export interface ConnectionSource {
  readonly connectionId: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly local: string;
  readonly localPort: number;
  readonly openedMs: number;
}

/** State of the key exchanges of one connection: a cookie is good for one exchange, the first hash is the session id for good. */
export class ExchangeState {
  #cookie: Buffer | null;
  #sessionId: Buffer | null;
  #clientIdent: Buffer | undefined;
  #count = 0;

  constructor(sessionId: Buffer | null = null) {
    this.#cookie = null;
    this.#sessionId = sessionId;
  }

  get sessionId(): Buffer | null {
    return this.#sessionId;
  }

  get clientIdent(): Buffer | undefined {
    return this.#clientIdent;
  }

  /** Exchanges that were signed. */
  get count(): number {
    return this.#count;
  }

  /** A fresh cookie; the one before it is void. */
  nextCookie(): Buffer {
    this.#cookie = randomBytes(16);
    return this.#cookie;
  }

  /** The cookie that was given out, once. */
  takeCookie(): Buffer | null {
    const cookie = this.#cookie;
    this.#cookie = null;
    return cookie;
  }

  finish(parts: ExchangeParts, hash: Buffer): void {
    this.#count += 1;
    this.#sessionId ??= hash;
    this.#clientIdent ??= parts.clientIdent;
  }
}

/** Before login. */
export interface AnonymousConnection {
  readonly phase: 'before-login';
  readonly from: ConnectionSource;
  readonly exchange: ExchangeState;
  /** When the absolute grace time ends, on the monotonic clock. */
  readonly graceEndMs: number;
  tries: number;
  /** Who is being proven and by which methods so far (chains of methods). */
  progress: { readonly user: string; readonly done: readonly AuthMethod[]; readonly key?: AuthorizedKey };
  /** True while a credential is being judged: one at a time. */
  isJudging: boolean;
}

/** After login. */
export interface AuthenticatedConnection {
  readonly phase: 'after-login';
  readonly from: ConnectionSource;
  readonly exchange: ExchangeState;
  readonly account: AuthenticatedAccount;
  /** Sessions that run for this connection. */
  readonly sessions: Set<string>;
}

/** On the resume socket, before the proof. */
export interface ResumingConnection {
  readonly phase: 'resuming';
}

export type Connection = AnonymousConnection | AuthenticatedConnection | ResumingConnection;
export type LiveConnection = AnonymousConnection | AuthenticatedConnection;

export function makeAnonymous(from: ConnectionSource, graceEndMs: number): AnonymousConnection {
  const progress = { user: '', done: [] };
  return {
    phase: 'before-login',
    from,
    exchange: new ExchangeState(),
    graceEndMs,
    tries: 0,
    progress,
    isJudging: false,
  };
}

/** The one step from before to after. */
export function toAuthenticated(before: AnonymousConnection, account: AuthenticatedAccount): AuthenticatedConnection {
  return { phase: 'after-login', from: before.from, exchange: before.exchange, account, sessions: new Set() };
}
