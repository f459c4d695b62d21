import type { ProcessEnd } from '../privsep/keeper-client.js';
import type { BrokerContext } from './context.js';

/** A session has ended: out of the registry and of its connection, into the audit trail. A second call does nothing. */
export function endSession(context: BrokerContext, sessionId: string, end: ProcessEnd): void {
  const entry = context.sessions.remove(sessionId);
  if (entry === undefined) return;
  const { account, connectionId, jail, startedMs } = entry;
  const connection = context.connections.find(connectionId)?.connection();
  if (connection?.phase === 'after-login') connection.sessions.delete(sessionId);
  const ids = { session: sessionId, jail, account, ...(connectionId !== '' && { connection: connectionId }) };
  context.log.event('session.ended', { ...ids, ...end });
  context.audit.record('session.ended', { ...ids, ...end, lastedMs: Date.now() - startedMs });
  context.watchers.tell({ what: 'session-ended', sessionId, jail, account, connectionId });
}
