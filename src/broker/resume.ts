import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';
import { removeFile, writeFileAtomically } from '../store/atomic-file.js';
import { formatRecord, parseRecord } from '../store/record-codec.js';
import { makeAuthenticatedAccount } from './authenticated-account.js';
import { type AuthenticatedConnection, type ConnectionSource, ExchangeState } from './connection.js';
import { resumeKind, type StoredLogin } from './resume-record.js';

const idPattern = /^[0-9a-f]{16}$/;

/**
 * Logins that outlast the broker: RUN/resume/CONNECTION.ini holds the SHA-256 of a secret that only the worker has, and everything that the
 * login allows. A worker without the secret gets nothing; one with it gets exactly what it had.
 */
export class ResumeStore {
  readonly #folder: string;
  readonly #log: Log;

  constructor(runDir: string, log: Log) {
    this.#log = log;
    this.#folder = join(runDir, 'resume');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Writes a login down; answers the secret for the worker (base64). Fault: `store-unwritable`. */
  async remember(connection: AuthenticatedConnection): Promise<string> {
    const { from, account: login, exchange } = connection;
    if (exchange.sessionId === null) throw new JaildError('internal', 'a login without a key exchange');
    const secret = randomBytes(32);
    const stored = { from, login, sessionId: exchange.sessionId, secretHash: hashOf(secret) };
    await writeFileAtomically(this.#file(from.connectionId), formatRecord(resumeKind, stored));
    return secret.toString('base64');
  }

  /** The connection as it was, or null when there is no such login or the secret is not its own: both answer alike. */
  restore(connectionId: string, secret: Buffer): AuthenticatedConnection | null {
    const stored = idPattern.test(connectionId) ? this.#read(connectionId) : null;
    if (stored === null || !timingSafeEqual(stored.secretHash, hashOf(secret))) return null;
    const account = makeAuthenticatedAccount(stored.login);
    return {
      phase: 'after-login',
      from: stored.from,
      exchange: new ExchangeState(stored.sessionId),
      account,
      sessions: new Set(),
    };
  }

  /** The connection has ended. A second call is harmless. */
  async forget(connectionId: string): Promise<void> {
    await removeFile(this.#file(connectionId));
  }

  /** Connections of an earlier broker that may still come back. */
  list(): ConnectionSource[] {
    return readdirSync(this.#folder).flatMap((entry) => {
      const id = entry.replace(/\.ini$/, '');
      const stored = idPattern.test(id) ? this.#read(id) : null;
      return stored === null ? [] : [stored.from];
    });
  }

  #read(connectionId: string): StoredLogin | null {
    const file = this.#file(connectionId);
    try {
      const stored = parseRecord(resumeKind, readFileSync(file, 'utf8'), file);
      return stored.from.connectionId === connectionId && stored.secretHash.length === 32 ? stored : null;
    } catch (error) {
      if (isAbsent(error)) return null; // expected: it has ended
      if (!isJaildError(error, 'record-damaged', 'record-invalid', 'record-too-new')) throw error;
      this.#log.event('connection.unresumable', { connection: connectionId, error }); // the user logs in again
      return null;
    }
  }

  #file(connectionId: string): string {
    return join(this.#folder, `${connectionId}.ini`);
  }
}

function hashOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
