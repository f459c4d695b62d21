import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A slot keeps instances on one machine apart: each has ids, worker uids and jail addresses of its own. Slots are claimed by
 * making a directory; one whose owner has died is taken over.
 */
export interface Slot {
  readonly number: number;
  readonly firstBase: number;
  readonly lastBase: number;
  /** Addresses of jails, as `[network] pool`. */
  readonly pool: string;
  readonly listenerUid: number;
  readonly firstWorkerUid: number;
  readonly workerUidCount: number;
  release(): void;
}

const claims = '/run/jaild-test-slots';
const slotCount = 48;
const basesPerSlot = 512;

function startTime(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  } catch {
    return undefined; // expected: no such process
  }
}

function isStale(directory: string): boolean {
  try {
    const [pid = '0', started] = readFileSync(path.join(directory, 'owner'), 'utf8').split(' ');
    return startTime(Number(pid)) !== started;
  } catch {
    return false; // expected: its maker is about to write the owner
  }
}

function tryClaim(number: number): Slot | undefined {
  const directory = path.join(claims, String(number));
  if (isStale(directory)) {
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    mkdirSync(directory);
  } catch {
    return undefined; // expected: somebody has it
  }
  writeFileSync(path.join(directory, 'owner'), `${process.pid} ${startTime(process.pid)}`);
  const firstWorkerUid = 80_000 + number * 400; // above the default range, below 100,000 where subordinate ids begin
  const firstBase = (0x1000 + number * basesPerSlot) * 65_536;
  return {
    number,
    firstBase,
    lastBase: firstBase + (basesPerSlot - 1) * 65_536,
    pool: `10.${215 + Math.floor(number / 64)}.${(number % 64) * 4}.0/22`,
    listenerUid: firstWorkerUid + 399,
    firstWorkerUid,
    workerUidCount: 390,
    release: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Claims a free slot for this process. */
export function claimSlot(): Slot {
  mkdirSync(claims, { recursive: true });
  for (let number = 0; number < slotCount; number += 1) {
    const slot = tryClaim(number);
    if (slot !== undefined) {
      return slot;
    }
  }
  throw new Error(`all ${slotCount} slots for test instances are taken (${claims})`);
}
