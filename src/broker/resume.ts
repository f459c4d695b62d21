import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { integer, matching, text, yesNo } from '../config/values.js';
import { isAbsent } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { removeFile, writeFileAtomically } from '../store/atomic-file.js';
import { accountName, jailName, listOf } from '../store/fields.js';
import { formatRecord, parseRecord, type RecordKind } from '../store/record-codec.js';
import { type LoginEvidence, makeAuthenticatedAccount } from './authenticated-account.js';
import { type AuthenticatedConnection, type ConnectionSource, ExchangeState } from './connection.js';

/** A login that can be restored. The secret itself is only in the worker. */
interface StoredLogin {
  readonly from: ConnectionSource;
  readonly login: LoginEvidence;
  readonly sessionId: Buffer;
  readonly secretHash: Buffer;
}

const number = integer(0, Number.MAX_SAFE_INTEGER);
const base64 = matching(/^[A-Za-z0-9+/]{1,128}={0,2}$/, 'base64').transform((value) => Buffer.from(value, 'base64'));
/** Values of the admin's own (a forced command, variables, targets) may hold any character: base64 of UTF-8. */
const packed = matching(/^[A-Za-z0-9+/]*={0,2}$/, 'base64').transform((value) => Buffer.from(value, 'base64').toString('utf8'));

const resumeKind: RecordKind<StoredLogin> = {
  kind: 'resume',
  version: 1,
  shape: z
    .strictObject({
      connection: z.strictObject({ id: text, source: text, source_port: number, local: text, local_port: number, opened: number }),
      login: z.strictObject({
        account: accountName,
        jail: jailName,
        method: text,
        fingerprint: text.optional(),
        is_record: yesNo,
        session_id: base64,
        secret_hash: base64,
      }),
      policy: z.strictObject({
        terminal: yesNo,
        forwarding: yesNo,
        agent_forwarding: yesNo,
        max_sessions: number,
        max_forwards: number,
        idle_time: number,
        command: packed.optional(),
        variable: listOf(packed, 64).optional(),
        permit_open: listOf(packed, 1024).optional(),
        permit_listen: listOf(packed, 1024).optional(),
      }),
    })
    .transform(({ connection, login, policy }): StoredLogin => ({
      from: {
        connectionId: connection.id,
        source: connection.source,
        sourcePort: connection.source_port,
        local: connection.local,
        localPort: connection.local_port,
        openedMs: connection.opened,
      },
      sessionId: login.session_id,
      secretHash: login.secret_hash,
      login: {
        account: login.account,
        jail: login.jail,
        method: login.method,
        ...(login.fingerprint !== undefined && { fingerprint: login.fingerprint }),
        isRecord: login.is_record,
        policy: {
          terminal: policy.terminal,
          forwarding: policy.forwarding,
          agentForwarding: policy.agent_forwarding,
          maxSessions: policy.max_sessions,
          maxForwards: policy.max_forwards,
          idleTimeMs: policy.idle_time,
          environment: (policy.variable ?? []).map((variable) => {
            const split = variable.indexOf('=');
            return [variable.slice(0, split), variable.slice(split + 1)] as const;
          }),
          ...(policy.command !== undefined && { command: policy.command }),
          ...(policy.permit_open !== undefined && { permitOpen: policy.permit_open }),
          ...(policy.permit_listen !== undefined && { permitListen: policy.permit_listen }),
        },
      },
    })),
  format: ({ from, login, sessionId, secretHash }) => {
    const { policy } = login;
    const word = (value: boolean): string => (value ? 'yes' : 'no');
    const pack = (value: string): string => Buffer.from(value, 'utf8').toString('base64');
    return [
      ['connection', {
        id: from.connectionId,
        source: from.source,
        source_port: String(from.sourcePort),
        local: from.local,
        local_port: String(from.localPort),
        opened: String(from.openedMs),
      }],
      ['login', {
        account: login.account,
        jail: login.jail,
        method: login.method,
        fingerprint: login.fingerprint,
        is_record: word(login.isRecord),
        session_id: sessionId.toString('base64'),
        secret_hash: secretHash.toString('base64'),
      }],
      ['policy', {
        terminal: word(policy.terminal),
        forwarding: word(policy.forwarding),
        agent_forwarding: word(policy.agentForwarding),
        max_sessions: String(policy.maxSessions),
        max_forwards: String(policy.maxForwards),
        idle_time: String(policy.idleTimeMs),
        command: policy.command === undefined ? undefined : pack(policy.command),
        variable: policy.environment.map(([name, value]) => pack(`${name}=${value}`)),
        permit_open: policy.permitOpen?.map(pack),
        permit_listen: policy.permitListen?.map(pack),
      }],
    ];
  },
};

const idPattern = /^[0-9a-f]{16}$/;

/**
 * Logins that outlast the broker: RUN/resume/CONNECTION.ini holds the SHA-256 of a secret that only the worker has, and everything that the
 * login allows. A worker without the secret gets nothing; one with it gets exactly what it had.
 */
export class ResumeStore {
  readonly #folder: string;

  constructor(runDir: string) {
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
    return { phase: 'after-login', from: stored.from, exchange: new ExchangeState(stored.sessionId), account, sessions: new Set() };
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
      // Expected: it has ended, or the file is damaged or of another version. The user logs in again.
      if (isAbsent(error) || isJaildError(error, 'record-damaged', 'record-invalid', 'record-too-new')) return null;
      throw error;
    }
  }

  #file(connectionId: string): string {
    return join(this.#folder, `${connectionId}.ini`);
  }
}

function hashOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
