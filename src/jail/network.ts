import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config/schema.js';
import { matching, word } from '../config/values.js';
import { isAbsent } from '../errors/errno.js';
import { createFileAtomically, removeFile } from '../store/atomic-file.js';
import { claimsDirectory } from '../store/claims.js';
import { withLock } from '../store/lock.js';
import { formatRecord, parseRecord, type RecordKind } from '../store/record-codec.js';
import { buildRemoval, buildRules, tableName } from './network-rules.js';
import { applyRules, listInstanceTables } from './nft.js';
import { findResolvers, type Resolvers } from './resolvers.js';
import { findUplink, readForwarding, writeForwarding } from './uplink.js';

/** What the first instance of the host found before it switched forwarding on; the last one puts it back. */
interface Remembered {
  readonly uplink: string;
  readonly before: '0' | '1';
}

const rememberedKind: RecordKind<Remembered> = {
  kind: 'forwarding',
  version: 1,
  shape: z
    .strictObject({
      forwarding: z.strictObject({
        uplink: matching(/^[A-Za-z0-9._@-]{1,15}$/, 'an interface'),
        before: word(['0', '1']),
      }),
    })
    .transform(({ forwarding }): Remembered => forwarding),
  format: ({ uplink, before }) => [['forwarding', { uplink, before }]],
};

/** The plain network of jails (`nat`): one nft table per instance, forwarding of the uplink. Both are the host's; `remove` undoes them. */
export class NatNetwork {
  readonly #config: Pick<Config, 'network' | 'server'>;
  readonly #claimsDir: string;
  readonly #degraded: (problem: string) => void;
  /** What is in place, or is being put in place, and for which resolvers. */
  #ready: { readonly servers: string; readonly done: Promise<void> } | undefined;

  constructor(
    config: Pick<Config, 'network' | 'server'>,
    options: { claimsDir?: string; degraded?: (problem: string) => void } = {},
  ) {
    this.#config = config;
    this.#claimsDir = options.claimsDir ?? claimsDirectory;
    this.#degraded = options.degraded ?? (() => undefined);
  }

  /**
   * Puts everything in place, once; again after a failure and when the host has got other name servers. Idempotent on the host.
   * Faults: `jail-network-failed`.
   */
  async ensure(): Promise<Resolvers> {
    const resolvers = findResolvers(this.#config.network.dns);
    const servers = resolvers.servers.join(' ');
    if (this.#ready?.servers !== servers) {
      if (resolvers.problem !== undefined) this.#degraded(resolvers.problem);
      this.#ready = { servers, done: this.#install(resolvers) };
    }
    const { done } = this.#ready;
    try {
      await done;
    } catch (fault) {
      if (this.#ready?.done === done) this.#ready = undefined; // the next jail tries again
      throw fault;
    }
    return resolvers;
  }

  /** Removes the table; the last instance of the host also restores the uplink's forwarding. A second call is harmless. */
  async remove(): Promise<void> {
    this.#ready = undefined;
    await this.#locked(async () => {
      await applyRules(buildRemoval(this.#config.server.runDir));
      const others = (await listInstanceTables()).filter((name) => name !== tableName(this.#config.server.runDir));
      if (others.length === 0) await this.#restoreForwarding();
    });
  }

  async #install(resolvers: Resolvers): Promise<void> {
    const { network, server } = this.#config;
    await this.#locked(async () => {
      await applyRules(buildRules({ runDir: server.runDir, pool: network.pool.text, resolvers: resolvers.servers }));
      const uplink = findUplink(network.uplink);
      if (uplink !== undefined) await this.#switchForwarding(uplink);
    });
  }

  async #switchForwarding(uplink: string): Promise<void> {
    const before = readForwarding(uplink);
    if (before === '1') return;
    if (this.#recall() === undefined) {
      await createFileAtomically(this.#file(), formatRecord(rememberedKind, { uplink, before }), { mode: 0o644 });
    }
    writeForwarding(uplink, '1');
  }

  async #restoreForwarding(): Promise<void> {
    const remembered = this.#recall();
    if (remembered === undefined) return;
    writeForwarding(remembered.uplink, remembered.before);
    await removeFile(this.#file());
  }

  #recall(): Remembered | undefined {
    try {
      return parseRecord(rememberedKind, readFileSync(this.#file(), 'utf8'), this.#file());
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  #file(): string {
    return join(this.#claimsDir, 'forwarding.ini');
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    mkdirSync(this.#claimsDir, { recursive: true, mode: 0o755 });
    await withLock(join(this.#claimsDir, '.network.lock'), work, 30_000);
  }
}
