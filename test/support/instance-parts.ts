import type { Instance } from './instance.js';
import { processesOf } from './invariants.js';
import type { ProcessRow } from './processes.js';
import { until } from './until.js';

/** One jail as `jailctl --format json jail list` shows it. */
export interface JailRow {
  readonly name: string;
  readonly state: string;
  readonly address: string;
  readonly sessions: number;
  readonly initPid: number | null;
  readonly ended: string;
}

type PartName = 'broker' | 'listener' | 'host-keeper' | 'jail-keeper' | 'worker' | 'init';

function isJailUid(instance: Instance, uid: number): boolean {
  return uid >= instance.slot.firstBase && uid < instance.slot.lastBase + 65_536;
}

const recognise: Readonly<Record<PartName, (row: ProcessRow, instance: Instance) => boolean>> = {
  broker: (row) => row.uid === 0 && /jaild\.js (--role[= ])?broker\b/.test(row.command),
  listener: (row, { slot }) => row.uid === slot.listenerUid,
  'host-keeper': (row) => row.uid === 0 && /jail-keeper host\b/.test(row.command),
  'jail-keeper': (row) => row.uid === 0 && /jail-keeper/.test(row.command) && !/jail-keeper host\b/.test(row.command),
  worker: (row, { slot }) => row.uid >= slot.firstWorkerUid && row.uid < slot.firstWorkerUid + slot.workerUidCount,
  init: (row, instance) => isJailUid(instance, row.uid) && /^(jaild-)?init\b|reaper/.test(row.command),
};

/** The processes of one part of a running instance. */
export function partsOf(instance: Instance, part: PartName): ProcessRow[] {
  return processesOf(instance.footprint).filter((row) => row.state !== 'Z' && recognise[part](row, instance));
}

/** Kills (SIGKILL) the one process of a part and waits until it is gone. */
export async function killPart(instance: Instance, part: PartName): Promise<void> {
  const [row, ...more] = partsOf(instance, part);
  if (row === undefined || more.length > 0) {
    throw new Error(`expected one ${part}, found ${more.length + (row === undefined ? 0 : 1)}`);
  }
  process.kill(row.pid, 'SIGKILL');
  await until(`${part} ${row.pid} is gone`, 5_000, () => !partsOf(instance, part).some((each) => each.pid === row.pid));
}

/** All jails, as the command line lists them. */
export async function jailRows(instance: Instance): Promise<JailRow[]> {
  return instance.jailctlJson<JailRow[]>(['jail', 'list']);
}

export async function jailRow(instance: Instance, name: string): Promise<JailRow> {
  const row = (await jailRows(instance)).find((each) => each.name === name);
  if (row === undefined) {
    throw new Error(`no jail ${name} in the list`);
  }
  return row;
}
