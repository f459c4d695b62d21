import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../../../src/base/addon.js';
import { parseAccountName } from '../../../src/base/brands.js';
import { type RunningBroker, runBroker } from '../../../src/broker/main.js';
import { hashPassword } from '../../../src/broker/passwords.js';
import { loadConfig } from '../../../src/config/load.js';
import { DoorClient } from '../../../src/privsep/door-client.js';
import type { Answer, Question } from '../../../src/privsep/request-table.js';
import { type Account, openAccounts } from '../../../src/store/accounts.js';
import { makeDirectories } from '../../../src/supervisor/directories.js';
import { keepingLog } from '../../unit/broker/quiet-log.js';
import { signAs, type TestKey, wireString } from '../../unit/broker/ssh-keys.js';

export const password = 'correct horse';

/** A real broker in a directory of its own, without keeper: everything up to the jail. */
export class BrokerFixture {
  readonly directory: string;
  readonly #kept = keepingLog();
  #broker: RunningBroker | undefined;

  constructor(settings = '') {
    this.directory = mkdtempSync('/var/tmp/jaild-broker-test-');
    writeFileSync(
      join(this.directory, 'jaild.ini'),
      `[server]\ninstance_dir = ${this.directory}\nhost_keys[] = ed25519\n${settings}`,
    );
    makeDirectories(this.config);
  }

  get config() {
    return loadConfig(join(this.directory, 'jaild.ini'));
  }

  get lines(): Record<string, unknown>[] {
    return this.#kept.lines();
  }

  get audit(): Record<string, unknown>[] {
    const text = readFileSync(join(this.directory, 'log/audit.log'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async start(): Promise<void> {
    this.#broker = await runBroker(this.config, { log: this.#kept.log });
  }

  async stop(): Promise<void> {
    await this.#broker?.stop();
    this.#broker = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }

  async addAccount(name: string, changes: Partial<Account> = {}): Promise<void> {
    await openAccounts(this.config.server).create({
      name: parseAccountName(name),
      owner: 'user:root',
      state: 'active',
      created: new Date().toISOString(),
      passwordHash: await hashPassword(Buffer.from(password), 'sha512'),
      keys: [],
      options: {},
      ...changes,
    });
  }

  socket(name: string): DoorClient {
    return new DoorClient(addon.connectUnix(join(this.directory, 'run', name), 'stream'));
  }

  /** What the listener and a worker do for an accepted connection. */
  async connect(listener: DoorClient): Promise<TestConnection> {
    const question = { source: '127.0.0.1', sourcePort: 50_000, local: '127.0.0.1', localPort: 22 };
    const { answer, fds } = await listener.ask('open-door', question);
    if (answer.outcome !== 'opened' || fds[0] === undefined) throw new Error('no door');
    const connection = new TestConnection(answer.connectionId, new DoorClient(fds[0]));
    await connection.begin();
    return connection;
  }
}

function kexInit(cookie: Buffer): Buffer {
  return Buffer.concat([Buffer.of(20), cookie, Buffer.alloc(45)]);
}

/** A worker that speaks for one SSH connection. */
export class TestConnection {
  readonly connectionId: string;
  readonly door: DoorClient;
  #cookie = Buffer.alloc(16);
  sessionId: Buffer | null = null;
  hostKeys: Answer<'begin'>['hostKeys'] = [];

  constructor(connectionId: string, door: DoorClient) {
    this.connectionId = connectionId;
    this.door = door;
  }

  async begin(): Promise<Answer<'begin'>> {
    const { answer } = await this.door.ask('begin', {});
    this.#cookie = Buffer.from(answer.cookie, 'base64');
    this.hostKeys = answer.hostKeys;
    return answer;
  }

  setCookie(cookie: string): void {
    this.#cookie = Buffer.from(cookie, 'base64');
  }

  exchangeParts(changes: Partial<Question<'sign-exchange'>> = {}): Question<'sign-exchange'> {
    const text = (bytes: Buffer) => bytes.toString('base64');
    return {
      kex: 'curve',
      hash: 'sha256',
      hostKeyAlgorithm: 'ssh-ed25519',
      clientIdent: text(Buffer.from('SSH-2.0-test')),
      serverIdent: text(Buffer.from('SSH-2.0-jaild')),
      clientKexInit: text(kexInit(randomBytes(16))),
      serverKexInit: text(kexInit(this.#cookie)),
      clientShare: text(randomBytes(32)),
      serverShare: text(randomBytes(32)),
      secret: text(randomBytes(32)),
      ...changes,
    };
  }

  async exchange(changes: Partial<Question<'sign-exchange'>> = {}): Promise<Answer<'sign-exchange'>> {
    const { answer } = await this.door.ask('sign-exchange', this.exchangeParts(changes));
    this.#cookie = Buffer.from(answer.nextCookie, 'base64');
    this.sessionId ??= Buffer.from(answer.hash, 'base64');
    return answer;
  }

  async tryPassword(user: string, text: string): Promise<Answer<'check-password'>> {
    const question = { user, service: 'ssh-connection', password: Buffer.from(text).toString('base64') } as const;
    return (await this.door.ask('check-password', question)).answer;
  }

  async probeKey(user: string, key: TestKey, algorithm = 'ssh-ed25519'): Promise<Answer<'check-publickey'>> {
    const question = { user, service: 'ssh-connection', algorithm, blob: key.blob.toString('base64') } as const;
    return (await this.door.ask('check-publickey', question)).answer;
  }

  /** `signFor` is the user that stands in the signed blob. */
  async tryKey(
    user: string,
    key: TestKey,
    changes: { signFor?: string; sessionId?: Buffer } = {},
  ): Promise<Answer<'check-publickey'>> {
    const algorithm = 'ssh-ed25519';
    const signed = Buffer.concat([
      wireString(changes.sessionId ?? this.sessionId ?? ''),
      Buffer.of(50),
      wireString(changes.signFor ?? user),
      wireString('ssh-connection'),
      wireString('publickey'),
      Buffer.of(1),
      wireString(algorithm),
      wireString(key.blob),
    ]);
    const signature = signAs(key, algorithm, signed).toString('base64');
    const question = {
      user,
      service: 'ssh-connection',
      algorithm,
      blob: key.blob.toString('base64'),
      signature,
    } as const;
    return (await this.door.ask('check-publickey', question)).answer;
  }

  /** Resolves when the broker has ended the door. */
  get ended(): Promise<void> {
    if (this.door.isClosed) return Promise.resolve();
    return new Promise((resolve) => this.door.onClose(() => resolve()));
  }
}
