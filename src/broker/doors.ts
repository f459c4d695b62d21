import { join } from 'node:path';
import { addon } from '../base/addon.js';
import { AdminDoor } from './admin-door.js';
import { type AdminPeer, authorizePeer } from './authorize.js';
import type { BrokerContext } from './context.js';
import { findPeerNames } from './host-names.js';
import { ListenerDoor } from './listener-door.js';
import { SocketListener } from './socket-listener.js';
import { TurnAway } from './turn-away.js';
import { ownsAnything } from './visible.js';
import { WorkerDoor } from './worker-door.js';

/**
 * Local clients at one time, in all and of one user: nobody uses up the broker's descriptors, or the places of the others. Admins are not
 * counted, so that they can always come in and see who it is.
 */
const maxAdminDoors = 256;
const maxDoorsPerUser = 32;

const noRights = 'this user has no rights here';

/** Opens the three sockets of the broker. Which one a peer sits on, and who the kernel says it is, decides what it may ask. */
export function openSockets(context: BrokerContext): SocketListener[] {
  const { listener, server } = context.config();
  const owner = { uid: listener.uid, gid: listener.gid };
  const { log } = context;
  const turnAway = new TurnAway(log, context.audit);
  return [
    new SocketListener({ path: join(server.runDir, 'listener.sock'), mode: 0o600, owner }, log, (fd) =>
      acceptListener(context, turnAway, fd),
    ),
    new SocketListener({ path: join(server.runDir, 'resume.sock'), mode: 0o600, owner }, log, (fd) =>
      acceptResume(context, turnAway, fd),
    ),
    new SocketListener({ path: join(server.runDir, 'admin.sock'), mode: 0o666 }, log, (fd) => {
      acceptAdmin(context, turnAway, fd).catch((error: unknown) => log.fault('accepting an admin', error));
    }),
  ];
}

function isListener(context: BrokerContext, fd: number): boolean {
  const { uid } = addon.peerCredentials(fd);
  return uid === 0 || uid === context.config().listener.uid;
}

function acceptListener(context: BrokerContext, turnAway: TurnAway, fd: number): void {
  if (isListener(context, fd)) new ListenerDoor(fd, context);
  else turnAway.refuse(fd, 'listener.sock', noRights);
}

/** The listener connects here for a worker, which then speaks on it. */
function acceptResume(context: BrokerContext, turnAway: TurnAway, fd: number): void {
  if (isListener(context, fd)) new WorkerDoor(fd, { phase: 'resuming' }, context);
  else turnAway.refuse(fd, 'resume.sock', noRights);
}

async function acceptAdmin(context: BrokerContext, turnAway: TurnAway, fd: number): Promise<void> {
  const { uid, gid } = addon.peerCredentials(fd);
  if (turnAway.isResting(uid)) return turnAway.refuse(fd, 'admin.sock', noRights);
  const peer = authorizePeer(context.config(), findPeerNames(uid, gid));
  const isKnown =
    peer !== null && (!peer.roles.every((role) => role === 'owner') || (await ownsAnything(context, peer)));
  if (peer === null || !isKnown) return turnAway.refuse(fd, 'admin.sock', noRights);
  if (!hasRoom(context, peer)) return turnAway.refuse(fd, 'admin.sock', 'too many connections');
  context.adminDoors.add(new AdminDoor(fd, peer, context));
}

function hasRoom({ adminDoors }: BrokerContext, { who, roles }: AdminPeer): boolean {
  if (roles.includes('admin')) return true;
  const own = [...adminDoors].filter((door) => door.peer.who.uid === who.uid);
  return own.length < maxDoorsPerUser && adminDoors.size < maxAdminDoors;
}
