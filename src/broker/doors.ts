import { join } from 'node:path';
import { addon } from '../base/addon.js';
import { encodeFrame } from '../privsep/frame.js';
import { AdminDoor } from './admin-door.js';
import { authorizePeer } from './authorize.js';
import type { BrokerContext } from './context.js';
import { findPeerNames } from './host-names.js';
import { ListenerDoor } from './listener-door.js';
import { SocketListener } from './socket-listener.js';
import { ownsAnything } from './visible.js';
import { WorkerDoor } from './worker-door.js';

/** Local clients at one time: a user of the host must not use up the broker's descriptors. */
const maxAdminDoors = 256;

/** Opens the three sockets of the broker. Which one a peer sits on, and who the kernel says it is, decides what it may ask. */
export function openSockets(context: BrokerContext): SocketListener[] {
  const { listener, server } = context.config();
  const owner = { uid: listener.uid, gid: listener.gid };
  const { log } = context;
  return [
    new SocketListener({ path: join(server.runDir, 'listener.sock'), mode: 0o600, owner }, log, (fd) =>
      acceptListener(context, fd),
    ),
    new SocketListener({ path: join(server.runDir, 'resume.sock'), mode: 0o600, owner }, log, (fd) =>
      acceptResume(context, fd),
    ),
    new SocketListener({ path: join(server.runDir, 'admin.sock'), mode: 0o666 }, log, (fd) => {
      acceptAdmin(context, fd).catch((error: unknown) => log.fault('accepting an admin', error));
    }),
  ];
}

function isListener(context: BrokerContext, fd: number): boolean {
  const { uid } = addon.peerCredentials(fd);
  return uid === 0 || uid === context.config().listener.uid;
}

function acceptListener(context: BrokerContext, fd: number): void {
  if (isListener(context, fd)) new ListenerDoor(fd, context);
  else turnAway(context, fd, 'listener.sock');
}

/** The listener connects here for a worker, which then speaks on it. */
function acceptResume(context: BrokerContext, fd: number): void {
  if (isListener(context, fd)) new WorkerDoor(fd, { phase: 'resuming' }, context);
  else turnAway(context, fd, 'resume.sock');
}

async function acceptAdmin(context: BrokerContext, fd: number): Promise<void> {
  const { uid, gid } = addon.peerCredentials(fd);
  const peer = authorizePeer(context.config(), findPeerNames(uid, gid));
  const isKnown =
    peer !== null && (!peer.roles.every((role) => role === 'owner') || (await ownsAnything(context, peer)));
  if (peer === null || !isKnown || context.adminDoors.size >= maxAdminDoors) return turnAway(context, fd, 'admin.sock');
  context.adminDoors.add(new AdminDoor(fd, peer, context));
}

/** One line that jailctl can show, then the end. */
function turnAway(context: BrokerContext, fd: number, socket: string): void {
  const { uid, pid } = addon.peerCredentials(fd);
  context.log.event('door.violated', { socket, uid, peerPid: pid, reason: 'this user has no rights here' });
  context.audit.record('admin.refused', { socket, uid, reason: 'this user has no rights here' });
  try {
    addon.send(fd, encodeFrame({ id: 1, ok: false, error: { code: 'door-refused', text: 'you have no rights here' } }));
  } catch {
    // Expected: the peer has gone already.
  }
  addon.close(fd);
}
