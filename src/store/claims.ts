import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseBaseId } from '../base/brands.js';
import { isInSubnet, type Subnet } from '../base/ip.js';
import type { Config } from '../config/schema.js';
import { parsed, path, subnet } from '../config/values.js';
import { JaildError } from '../errors/jaild-error.js';
import { removeFile, writeFileAtomically } from './atomic-file.js';
import { listOf } from './fields.js';
import { type IdRange, rangeOfBase } from './id-ranges.js';
import { withLock } from './lock.js';
import { formatRecord, parseRecord, type RecordKind } from './record-codec.js';

/** Where all instances of one host say what they use. Gone after a boot, when nothing of theirs runs any more. */
export const claimsDirectory = '/run/jaild-claims';

/** What one instance uses. */
export interface Claim {
  readonly stateDir: string;
  readonly firstBase: number;
  readonly pool: Subnet;
  readonly bases: readonly number[];
}

const claimKind: RecordKind<Claim> = {
  kind: 'claim',
  version: 1,
  shape: z
    .strictObject({
      claim: z.strictObject({
        state_dir: path,
        first_base: parsed(parseBaseId),
        pool: subnet,
        base: listOf(parsed(parseBaseId), 32_768).optional(),
      }),
    })
    .transform(
      ({ claim }): Claim => ({
        stateDir: claim.state_dir,
        firstBase: claim.first_base,
        pool: claim.pool,
        bases: claim.base ?? [],
      }),
    ),
  format: (claim) => [
    [
      'claim',
      {
        state_dir: claim.stateDir,
        first_base: String(claim.firstBase),
        pool: claim.pool.text,
        base: claim.bases.map(String),
      },
    ],
  ],
};

/** Runs `work` while no other instance of the host changes its claim; it gets the claims of all *other* instances that still exist. */
export async function withClaims<Result>(
  stateDir: string,
  work: (others: readonly Claim[]) => Promise<Result>,
  directory: string = claimsDirectory,
): Promise<Result> {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  return await withLock(join(directory, '.lock'), async () => {
    const others: Claim[] = [];
    for (const name of readdirSync(directory)) {
      if (!/^[0-9a-f]{16}\.ini$/.test(name) || name === fileName(stateDir)) continue;
      const file = join(directory, name);
      const claim = parseRecord(claimKind, readFileSync(file, 'utf8'), file);
      if (existsSync(claim.stateDir)) others.push(claim);
      else await removeFile(file); // that instance was removed
    }
    return await work(others);
  });
}

/** Writes this instance's claim. Only inside `withClaims`. */
export async function writeClaim(claim: Claim, directory: string = claimsDirectory): Promise<void> {
  await writeFileAtomically(join(directory, fileName(claim.stateDir)), formatRecord(claimKind, claim), { mode: 0o644 });
}

export function claimedRanges(claims: readonly Claim[]): IdRange[] {
  return claims.flatMap((claim) =>
    claim.bases.map((base) => rangeOfBase(parseBaseId(base), `the instance in ${claim.stateDir}`)),
  );
}

/**
 * Two instances may use one address pool only when they count from the same first base: an address follows from the base, and no two
 * jails have the same base. Otherwise their pools must not touch. Faults: `ids-conflict`.
 */
export function refusePoolConflict(config: Pick<Config, 'jails' | 'network'>, others: readonly Claim[]): void {
  for (const other of others) {
    const { pool } = config.network;
    const same = other.pool.text === pool.text && other.firstBase === config.jails.firstBase;
    const touches = isInSubnet(other.pool.bytes, pool) || isInSubnet(pool.bytes, other.pool);
    if (same || !touches) continue;
    throw new JaildError(
      'ids-conflict',
      `[network] pool ${pool.text} overlaps ${other.pool.text} of the instance in ${other.stateDir}; give this instance another pool`,
      {
        fields: { pool: pool.text, other: other.stateDir },
      },
    );
  }
}

function fileName(stateDir: string): string {
  return `${createHash('sha256').update(stateDir).digest('hex').slice(0, 16)}.ini`;
}
