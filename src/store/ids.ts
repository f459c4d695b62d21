import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseId, JailName } from '../base/brands.js';
import type { Config } from '../config/schema.js';
import { isAbsent } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { writeFileAtomically } from './atomic-file.js';
import { claimedRanges, claimsDirectory, refusePoolConflict, withClaims, writeClaim } from './claims.js';
import { type IdRange, loadSubordinateIds, overlaps, planBase, rangeOfBase } from './id-ranges.js';
import { type IdEntry, idsKind } from './ids-record.js';
import { openJails } from './jails.js';
import { type StateLayout, stateLayout } from './layout.js';
import { withLock } from './lock.js';
import { moveAside } from './move-aside.js';
import { formatRecord, parseRecord } from './record-codec.js';

/** Where the allocator looks besides its own file; other places are for tests. */
export interface IdSources {
  readonly claimsDir: string;
  readonly subordinateFiles: readonly string[];
}

const hostSources: IdSources = { claimsDir: claimsDirectory, subordinateFiles: ['/etc/subuid', '/etc/subgid'] };

/**
 * Gives out id ranges. A range is written down (and on disk) before it is given, so a crash can waste one but never give it twice.
 * No range overlaps another jail's, another instance's on this host, or what /etc/subuid and /etc/subgid give away.
 */
export class IdAllocator {
  readonly #config: Pick<Config, 'server' | 'jails' | 'network'>;
  readonly #layout: StateLayout;
  readonly #sources: IdSources;

  constructor(config: Pick<Config, 'server' | 'jails' | 'network'>, sources: IdSources = hostSources) {
    this.#config = config;
    this.#layout = stateLayout(config.server);
    this.#sources = sources;
  }

  /** The jail's range; the same one again when it has one. Faults: `ids-exhausted`, `ids-conflict`, `store-unwritable`. */
  async allocate(jail: JailName): Promise<BaseId> {
    return await this.#exclusively(async (entries, others) => {
      const held = entries.find((entry) => entry.jail === jail);
      if (held !== undefined) return held.base;
      const { firstBase, lastBase } = this.#config.jails;
      const base = planBase(firstBase, lastBase, [...toRanges(entries), ...others]);
      if (base === undefined)
        throw new JaildError(
          'ids-exhausted',
          `no free range of ids from ${firstBase} to ${lastBase}; raise [jails] last_base`,
          { fields: { jail } },
        );
      await this.#save([...entries, { base, jail }]);
      return base;
    });
  }

  /**
   * Gives the jail's range back. Refused (`ids-conflict`) while the jail's directory is there: files of the range would belong to the
   * next jail. A jail without a range is fine.
   */
  async release(jail: JailName): Promise<void> {
    await this.#exclusively(async (entries) => {
      if (existsSync(this.#layout.jailDir(jail))) {
        throw new JaildError(
          'ids-conflict',
          `the ids of ${jail} are still in use: ${this.#layout.jailDir(jail)} exists`,
          { fields: { jail } },
        );
      }
      if (entries.some((entry) => entry.jail === jail))
        await this.#save(entries.filter((entry) => entry.jail !== jail));
    });
  }

  /** Which jail has which base. */
  async list(): Promise<readonly IdEntry[]> {
    return await this.#exclusively((entries) => Promise.resolve(entries));
  }

  /**
   * Says to all instances of the host what this one uses; to be called when the server starts. Faults: `ids-conflict` when another
   * instance (or the host's subuid) uses ids of our jails, or an address pool that touches ours.
   */
  async claimInstance(): Promise<void> {
    await this.#exclusively(async (entries, others) => {
      for (const range of toRanges(entries)) {
        const other = others.find((candidate) => overlaps(candidate, range));
        if (other === undefined) continue;
        throw new JaildError(
          'ids-conflict',
          `the ids ${range.first}-${range.last} of ${range.holder} are also used by ${other.holder}`,
          {
            fields: { jail: range.holder, other: other.holder },
          },
        );
      }
      await this.#save(entries);
    });
  }

  async #exclusively<Result>(
    work: (entries: readonly IdEntry[], others: readonly IdRange[]) => Promise<Result>,
  ): Promise<Result> {
    const { stateDir, claimsDir } = { ...this.#config.server, ...this.#sources };
    return await withLock(join(stateDir, '.ids.lock'), () =>
      withClaims(
        stateDir,
        async (claims) => {
          refusePoolConflict(this.#config, claims);
          return await work(await this.#load(), [
            ...claimedRanges(claims),
            ...loadSubordinateIds(this.#sources.subordinateFiles),
          ]);
        },
        claimsDir,
      ),
    );
  }

  async #load(): Promise<readonly IdEntry[]> {
    const file = this.#layout.idsFile;
    try {
      return parseRecord(idsKind, readFileSync(file, 'utf8'), file);
    } catch (error) {
      if (isJaildError(error, 'record-damaged')) await moveAside(file);
      else if (!isAbsent(error)) throw error;
    }
    return await this.#rebuild();
  }

  /** Without its own file the allocator knows the ranges from the jails: their records, or who owns their files. */
  async #rebuild(): Promise<readonly IdEntry[]> {
    const { values, faults } = await openJails(this.#config.server).list();
    if (faults[0] !== undefined)
      throw new JaildError('ids-conflict', `${this.#layout.idsFile} is lost and not all jail records can be read`, {
        cause: faults[0],
      });
    const entries = values.map(({ base, name: jail }) => ({ base, jail }));
    for (const { base, jail } of entries) {
      const uid = statSync(join(this.#layout.jailDir(jail), 'upper'), { throwIfNoEntry: false })?.uid;
      if (uid !== undefined && uid !== base)
        throw new JaildError('ids-conflict', `the files of ${jail} belong to ${uid}, its record says ${base}`, {
          fields: { jail },
        });
    }
    return entries;
  }

  async #save(entries: readonly IdEntry[]): Promise<void> {
    const { server, jails, network } = this.#config;
    const bases = entries.map(({ base }) => base);
    // The claim first: a crash between the two claims too much, never too little.
    await writeClaim(
      { stateDir: server.stateDir, firstBase: jails.firstBase, pool: network.pool, bases },
      this.#sources.claimsDir,
    );
    await writeFileAtomically(this.#layout.idsFile, formatRecord(idsKind, entries));
  }
}

function toRanges(entries: readonly IdEntry[]): IdRange[] {
  return entries.map(({ base, jail }) => rangeOfBase(base, jail));
}
