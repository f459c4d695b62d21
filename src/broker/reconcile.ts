import type { BrokerContext } from './context.js';

/** How long connections of an earlier broker have to come back before they count as ended. */
const returnMs = 30_000;

/** Takes up what an earlier broker left: running jails with their sessions, and logins that may be resumed. Idempotent. */
export async function reconcile(context: BrokerContext): Promise<void> {
  const jails = await context.runtime.reconcile();
  for (const { name, control } of context.runtime.listRunning()) {
    const jail = await context.jails.find(name).catch(() => undefined); // a damaged record does not end a running jail
    for (const { session, startedMs, terminal, user } of await control.sessions()) {
      if (context.sessions.find(session) !== undefined || jail === undefined) continue;
      context.sessions.add({
        sessionId: session,
        jail: name,
        account: jail.account,
        user,
        kind: '',
        terminal,
        startedMs,
        connectionId: '',
        source: '',
      });
    }
  }
  const left = context.resume.list();
  if (jails > 0 || left.length > 0) context.log.event('broker.reconciled', { jails, connections: left.length });
  setTimeout(
    () =>
      void forgetLost(
        context,
        left.map(({ connectionId }) => connectionId),
      ),
    returnMs,
  ).unref();
}

async function forgetLost(context: BrokerContext, connectionIds: readonly string[]): Promise<void> {
  for (const connectionId of connectionIds) {
    if (context.connections.find(connectionId) !== undefined) continue;
    try {
      await context.resume.forget(connectionId);
      context.audit.record('connection.ended', { connection: connectionId, reason: 'lost while the broker was away' });
    } catch (error) {
      context.log.fault('forgetting a lost connection', error);
    }
  }
}
