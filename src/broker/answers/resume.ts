import type { ReadQuestion } from '../../privsep/request-table.js';
import type { WorkerCall } from '../call.js';
import { hasEnded } from '../candidate.js';
import type { ResumingConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';
import { toWorkerPolicy } from '../login-policy.js';

/** Restores a login that an earlier broker proved. Nothing but the secret counts, and it restores exactly what was. */
export async function answerResume(
  { context, door }: WorkerCall<ResumingConnection>,
  question: ReadQuestion<'resume'>,
): Promise<Reply<'resume'>> {
  const connection = context.resume.restore(question.connectionId, question.secret);
  if (connection === null) return { answer: { outcome: 'refused' } };
  const record = await context.accounts.find(connection.account.account);
  const isGone = hasEnded(connection.account, record, connection.from.source, Date.now());
  // Looked at last: between here and the restoring nothing waits, so that two doors cannot both become the connection.
  const isThere = context.connections.find(question.connectionId) !== undefined;
  if (isGone || isThere) return { answer: { outcome: 'refused' } };
  for (const session of context.sessions.list())
    if (session.connectionId === question.connectionId) connection.sessions.add(session.sessionId);
  door.restore(connection);
  const { account, jail, policy } = connection.account;
  context.log.event('connection.resumed', { connection: question.connectionId, account, jail });
  const nextCookie = connection.exchange.nextCookie().toString('base64');
  return { answer: { outcome: 'resumed', account, jail, nextCookie, policy: toWorkerPolicy(policy) } };
}
