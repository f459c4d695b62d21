import { rmdirSync, rmSync } from 'node:fs';
import {
  claimFiles,
  type Footprint,
  leftGroupPaths,
  leftLinkNames,
  leftTableNames,
  processesOf,
} from './invariants.js';
import { runProgram } from './program.js';
import { detachSeed } from './template-seed.js';
import { until } from './until.js';

/** Removes whatever an instance left on the host, by force: what a failed test left must not disturb the next. */
export async function forceRemoval(footprint: Footprint): Promise<void> {
  await killAll(footprint);
  for (const name of await leftLinkNames(footprint)) {
    await runProgram('ip', ['link', 'delete', name]);
  }
  for (const [family, name] of await leftTableNames(footprint)) {
    await runProgram('nft', ['delete', 'table', family, name]);
  }
  for (const group of leftGroupPaths(footprint).reverse()) {
    removeGroup(group);
  }
  await detachSeed(footprint.stateDir);
  await unmountBelow(footprint.directory);
  rmSync(footprint.directory, { recursive: true, force: true });
  for (const file of claimFiles(footprint)) {
    rmSync(file, { force: true });
  }
}

async function killAll(footprint: Footprint): Promise<void> {
  await until('all processes of the instance are gone', 10_000, () => {
    const rows = processesOf(footprint).filter((row) => row.state !== 'Z');
    for (const { pid } of rows) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // expected: it has ended meanwhile
      }
    }
    return rows.length === 0;
  });
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // expected: already gone; one that is busy shows in the next look for leftovers
  }
}

async function unmountBelow(directory: string): Promise<void> {
  const targets = (await runProgram('findmnt', ['-rno', 'TARGET'])).out.split('\n');
  for (const target of targets.filter((each) => each.startsWith(`${directory}/`)).reverse()) {
    await runProgram('umount', ['-l', target]);
  }
}
