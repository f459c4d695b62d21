import type { LogIds } from '../log/log.js';
import type { AdminCall } from './call.js';

/** Writes down what a local peer did, with who they are. */
export function auditAct({ context, peer }: AdminCall, act: string, ids: LogIds): void {
  const facts = { act, uid: peer.who.uid, who: [...peer.who.names], role: peer.roles[0] ?? '', ...ids };
  context.log.event('admin.acted', facts);
  context.audit.record('admin.acted', facts);
}
