import type { ReadQuestion } from '../../privsep/request-table.js';
import { auditAct } from '../audit-act.js';
import { notFound } from '../authorize.js';
import type { AdminCall } from '../call.js';
import type { Reply } from '../dispatch.js';
import { mayWithAccount, mayWithJail, requireJail } from '../visible.js';

/** Starts a jail. */
export async function answerStart(call: AdminCall, { jail: name }: ReadQuestion<'start'>): Promise<Reply<'start'>> {
  const { context, peer } = call;
  const jail = await requireJail(context, peer, name, 'act');
  const wasRunning = context.runtime.find(jail.name) !== undefined;
  const running = await context.runtime.ensureRunning(jail);
  const { initPid } = await running.control.status();
  auditAct(call, 'start', { jail: jail.name });
  return { answer: { outcome: wasRunning ? 'already-running' : 'started', initPid } };
}

/** Stops a jail: asks its processes to end, kills them at the deadline. */
export async function answerStop(
  call: AdminCall,
  { jail: name, deadlineMs }: ReadQuestion<'stop'>,
): Promise<Reply<'stop'>> {
  const { context, peer } = call;
  const jail = await requireJail(context, peer, name, 'act');
  auditAct(call, 'stop', { jail: jail.name });
  const wasRunning = await context.runtime.stop(jail.name, deadlineMs ?? context.config().jails.stopTimeMs);
  return { answer: { outcome: wasRunning ? 'stopped' : 'not-running' } };
}

/** Ends a session, a connection or a jail at once. */
export async function answerKill(call: AdminCall, question: ReadQuestion<'kill'>): Promise<Reply<'kill'>> {
  if ('session' in question) await killSession(call, question.session, question.signal);
  else if ('connection' in question) await killConnection(call, question.connection);
  else await killJail(call, question.jail);
  return { answer: {} };
}

async function killSession(call: AdminCall, sessionId: string, signal: string | undefined): Promise<void> {
  const { context, peer } = call;
  const entry = context.sessions.find(sessionId);
  if (entry === undefined || !(await mayWithJail(context, peer, entry.jail, 'act')))
    throw notFound('session', sessionId);
  auditAct(call, 'kill', { session: sessionId, jail: entry.jail });
  await context.runtime.find(entry.jail)?.control.killSession(sessionId, signal);
}

async function killConnection(call: AdminCall, connectionId: string): Promise<void> {
  const { context, peer } = call;
  const entry = context.connections.find(connectionId);
  const connection = entry?.connection();
  const account = connection?.phase === 'after-login' ? connection.account.account : '';
  if (entry === undefined || !(await mayWithAccount(context, peer, account, 'act')))
    throw notFound('connection', connectionId);
  auditAct(call, 'kill', { connection: connectionId });
  entry.terminate('killed', 'The administrator ended this connection.');
}

async function killJail(call: AdminCall, name: string): Promise<void> {
  const jail = await requireJail(call.context, call.peer, name, 'act');
  auditAct(call, 'kill', { jail: jail.name });
  await call.context.runtime.kill(jail.name);
}
