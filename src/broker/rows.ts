import type { JailName } from '../base/brands.js';
import { idsPerJail } from '../base/brands.js';
import { readWrittenState } from '../jail/jail-status.js';
import { planAddresses } from '../jail/network-addresses.js';
import type { Answer } from '../privsep/request-table.js';
import type { Account } from '../store/accounts.js';
import type { Jail } from '../store/jails.js';
import type { LiveConnection } from './connection.js';
import type { BrokerContext } from './context.js';
import type { SessionEntry } from './session-registry.js';

type Listed<Noun extends string> = Extract<Answer<'list'>, { noun: Noun }>['rows'][number];
export type JailRow = Listed<'jails'>;
export type SessionRow = Listed<'sessions'>;
export type AccountRow = Listed<'accounts'>;
export type ConnectionRow = Listed<'connections'>;

export function toJailRow(context: BrokerContext, jail: Jail): JailRow {
  const { jails, network, server } = context.config();
  const running = context.runtime.find(jail.name);
  const written = readWrittenState(server.runDir, jail.name);
  const index = (jail.base - jails.firstBase) / idsPerJail;
  return {
    name: jail.name,
    account: jail.account,
    template: `${jail.template}@${jail.templateVersion}`,
    state: running !== undefined ? 'running' : written.state === '' ? 'created' : 'stopped',
    address: jail.network === 'nat' ? planAddresses(network.pool, index, server.runDir).address : '',
    sessions: running?.sessions.size ?? 0,
    startedMs: running === undefined ? null : written.startedMs,
    initPid: running === undefined ? null : written.initPid,
    ended: running === undefined ? written.ended.slice(0, 64) : '',
  };
}

/** A jail whose record cannot be read. */
export function toDamagedRow(name: JailName): JailRow {
  return {
    name,
    account: '',
    template: '',
    state: 'damaged',
    address: '',
    sessions: 0,
    startedMs: null,
    initPid: null,
    ended: '',
  };
}

export function toSessionRow(entry: SessionEntry): SessionRow {
  return { ...entry };
}

export function toAccountRow(account: Account, jails: readonly JailName[]): AccountRow {
  return { name: account.name, owner: account.owner, locked: account.state !== 'active', jails: [...jails] };
}

export function toConnectionRow(connection: LiveConnection): ConnectionRow {
  const { connectionId, source, sourcePort, openedMs } = connection.from;
  const { account, jail } = connection.phase === 'after-login' ? connection.account : { account: '', jail: '' };
  return { connectionId, source, sourcePort, account, jail, phase: connection.phase, openedMs };
}
