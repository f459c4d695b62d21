import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../base/addon.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { isErrno, isForbidden } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { JailLifecycle } from '../jail/lifecycle.js';
import { type AuditFields, AuditTrail } from '../log/audit.js';
import type { AuditEvent } from '../log/audit-events.js';
import { DoorClient } from '../privsep/door-client.js';
import { type AccountStore, openAccounts } from '../store/accounts.js';
import { type JailStore, openJails } from '../store/jails.js';
import type { Output } from './output.js';
import type { CliStreams } from './terminal.js';

/** What every verb works with. Nothing is opened before a verb asks for it: help and completion need no configuration. */
export class CliContext {
  readonly output: Output;
  readonly streams: CliStreams;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly #configFile: string | undefined;
  #config: Config | undefined;
  #accounts: AccountStore | undefined;
  #jails: JailStore | undefined;
  #audit: AuditTrail | undefined;
  #door: DoorClient | undefined;

  constructor(options: { output: Output; streams: CliStreams; signal: AbortSignal; configFile: string | undefined }) {
    this.output = options.output;
    this.streams = options.streams;
    this.signal = options.signal;
    this.#configFile = options.configFile;
  }

  get config(): Config {
    this.#config ??= loadConfig(this.#configFile);
    return this.#config;
  }

  get isRoot(): boolean {
    return process.geteuid?.() === 0;
  }

  /** Records belong to root; whoever else has a role asks the broker instead. */
  requireRoot(): void {
    if (!this.isRoot) throw new JaildError('not-root', 'this changes records, which only root may do (try sudo)');
  }

  get accounts(): AccountStore {
    this.#accounts ??= openAccounts(this.config.server, (file, movedTo, error) =>
      this.#tellQuarantine(file, movedTo, error),
    );
    return this.#accounts;
  }

  get jails(): JailStore {
    this.#jails ??= openJails(this.config.server, (file, movedTo, error) => this.#tellQuarantine(file, movedTo, error));
    return this.#jails;
  }

  get lifecycle(): JailLifecycle {
    return new JailLifecycle(this.config, this.jails);
  }

  /** The broker's door. Faults: `door-closed` (exit 75) when no server runs, `not-root` when this user may not use it. */
  door(): DoorClient {
    if (this.#door === undefined || this.#door.isClosed) this.#door = this.#connect();
    return this.#door;
  }

  /** Writes down an act in the audit trail, with who did it; opens the trail first, so that what cannot be written down is not done. */
  openAudit(): (event: AuditEvent, fields: AuditFields) => void {
    const { auditFile, auditSync } = this.config.log;
    this.#audit ??= new AuditTrail({
      file: auditFile,
      sync: auditSync,
      onTrouble: (state) =>
        this.output.say(
          `warning: the audit trail ${auditFile} ${state === 'failed' ? 'cannot be written' : 'can be written again'}`,
        ),
    });
    const audit = this.#audit;
    return (event, fields) =>
      audit.record(event, { ...fields, uid: process.getuid?.() ?? -1, loginUid: loginUid(), by: 'jailctl' });
  }

  close(): void {
    this.#door?.close();
    this.#audit?.close();
  }

  #connect(): DoorClient {
    const path = join(this.config.server.runDir, 'admin.sock');
    try {
      return new DoorClient(addon.connectUnix(path, 'stream'));
    } catch (error) {
      if (isForbidden(error)) throw new JaildError('not-root', `this user may not use ${path}`, { cause: error });
      if (!isErrno(error, 'ENOENT', 'ECONNREFUSED')) throw error;
      throw new JaildError('door-closed', `no server answers at ${path}; start it with "jaild serve"`, {
        cause: error,
      });
    }
  }

  #tellQuarantine(file: string, movedTo: string, error: JaildError): void {
    this.output.say(`warning: ${file} is damaged (${error.message}) and was moved to ${movedTo}`);
  }
}

/** Who logged in to this host, whatever sudo made of them (proc(5)); undefined when the kernel does not know. */
function loginUid(): number | undefined {
  try {
    const uid = Number(readFileSync('/proc/self/loginuid', 'utf8'));
    return uid === 0xffff_ffff ? undefined : uid;
  } catch {
    return undefined; // expected: a kernel without audit
  }
}
