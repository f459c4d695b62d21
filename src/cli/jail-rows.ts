import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { idsPerJail, type JailName } from '../base/brands.js';
import type { Config } from '../config/schema.js';
import { isJaildError } from '../errors/jaild-error.js';
import { readWrittenState } from '../jail/jail-status.js';
import { planAddresses } from '../jail/network-addresses.js';
import { jailRunDir } from '../jail/plan.js';
import type { Answer } from '../privsep/request-table.js';
import type { Jail } from '../store/jails.js';
import { tryLock } from '../store/lock.js';
import type { CliContext } from './context.js';

type Listed = Extract<Answer<'list'>, { noun: 'jails' }>['rows'][number];

/** A row of `jail list`. Without a server its sessions are not known (null). */
export type JailRow = Omit<Listed, 'sessions'> & { readonly sessions: number | null };

/** All jails that the caller may see: from the broker, or, for root without one, from the records and what the keepers wrote down. */
export async function loadJailRows(context: CliContext): Promise<readonly JailRow[]> {
  try {
    const { answer } = await context.door().ask('list', { noun: 'jails' });
    return answer.noun === 'jails' ? answer.rows : [];
  } catch (error) {
    if (!isJaildError(error, 'door-closed') || !context.isRoot) throw error;
    context.output.say('no server runs; this is what is on disk');
  }
  const rows: JailRow[] = [];
  for (const name of context.jails.listNames()) rows.push(await loadOfflineRow(context, name));
  return rows;
}

async function loadOfflineRow(context: CliContext, name: JailName): Promise<JailRow> {
  try {
    const jail = await context.jails.find(name);
    if (jail !== undefined) return toOfflineRow(context.config, jail);
  } catch (error) {
    if (!isJaildError(error)) throw error; // expected: a damaged record
  }
  return {
    name,
    account: '',
    template: '',
    state: 'damaged',
    address: '',
    sessions: null,
    startedMs: null,
    initPid: null,
    ended: '',
  };
}

/** The row of a jail from its record and its keeper's notes. */
export function toOfflineRow({ server, jails, network }: Config, jail: Jail): JailRow {
  const written = readWrittenState(server.runDir, jail.name);
  const isRunning = hasKeeper(server.runDir, jail.name);
  const index = (jail.base - jails.firstBase) / idsPerJail;
  return {
    name: jail.name,
    account: jail.account,
    template: `${jail.template}@${jail.templateVersion}`,
    state: isRunning ? 'running' : written.state === '' ? 'created' : 'stopped',
    address: jail.network === 'nat' ? planAddresses(network.pool, index, server.runDir).address : '',
    sessions: null,
    startedMs: isRunning ? written.startedMs : null,
    initPid: isRunning ? written.initPid : null,
    ended: isRunning ? '' : written.ended,
  };
}

/** The keeper of a running jail holds its lock. */
function hasKeeper(runDir: string, name: JailName): boolean {
  const file = join(jailRunDir(runDir, name), 'lock');
  if (!existsSync(file)) return false;
  const lock = tryLock(file);
  lock?.release();
  return lock === undefined;
}
