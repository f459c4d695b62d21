import { idsPerJail } from '../base/brands.js';
import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Role } from '../privsep/request-table.js';
import type { PeerNames } from './host-names.js';

/** A local peer of the admin socket and its rights. Made only by `authorizePeer`. */
export interface AdminPeer {
  readonly who: PeerNames;
  readonly roles: readonly Role[];
}

/**
 * Rights of a peer: root is an admin always; the others by the configuration's lists. Whoever is in no list has the rights of an owner,
 * which show and touch nothing but records that name them. Workers, the listener and processes of jails have none (null).
 */
export function authorizePeer(
  config: Pick<Config, 'roles' | 'workers' | 'listener' | 'jails'>,
  who: PeerNames,
): AdminPeer | null {
  const { roles, workers, listener, jails } = config;
  const { uid, names } = who;
  const isWorker = uid >= workers.firstUid && uid < workers.firstUid + workers.uidCount;
  const isJail = uid >= jails.firstBase && uid < jails.lastBase + idsPerJail;
  if (isWorker || isJail || uid === listener.uid) return null;
  const isIn = (list: readonly string[]): boolean => list.some((name) => names.has(name));
  if (uid === 0 || isIn(roles.admin)) return { who, roles: ['admin'] };
  return { who, roles: isIn(roles.readOnly) ? ['read-only', 'owner'] : ['owner'] };
}

/** Whether the peer may look at a record of this owner. */
export function maySee(peer: AdminPeer, owner: string): boolean {
  return peer.roles.includes('admin') || peer.roles.includes('read-only') || peer.who.names.has(owner);
}

/** Whether the peer may start, stop and enter a jail of this owner. */
export function mayAct(peer: AdminPeer, owner: string): boolean {
  return peer.roles.includes('admin') || peer.who.names.has(owner);
}

/** What is absent and what is another's look alike. */
export function notFound(noun: string, name: string): JaildError {
  return new JaildError('not-found', `there is no ${noun} ${name}`, { fields: { name } });
}
