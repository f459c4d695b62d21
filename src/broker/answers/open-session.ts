import { codes } from '../../errors/codes.js';
import { codeOf } from '../../errors/presentation.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import type { WorkerCall } from '../call.js';
import type { AuthenticatedConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';
import { type EnterPlan, enterJail } from '../enter-jail.js';
import { findJailOfLogin } from '../find-jail.js';
import { planSession } from '../session-plan.js';

type Call = WorkerCall<AuthenticatedConnection>;

/** A session in the jail of this login; judged here, carried out by the jail's keeper. */
export async function answerOpenSession(
  call: Call,
  question: ReadQuestion<'open-session'>,
): Promise<Reply<'open-session'>> {
  const { connection, context } = call;
  const { account, sessions } = connection;
  if (sessions.size >= account.policy.maxSessions)
    return refuse(call, question.kind, 'too-many', 'You have too many sessions open on this connection.');
  const planned = planSession(question, connection, context.config().session.acceptEnv);
  if (planned.outcome === 'refused') return refuse(call, question.kind, planned.code, planned.text);
  try {
    return await open(call, question.kind, planned.plan);
  } catch (error) {
    context.log.event('jail.failed', {
      jail: account.jail,
      connection: connection.from.connectionId,
      while: 'opening a session',
      error,
    });
    const code = codeOf(error);
    const text = code === 'fields-malformed' ? 'The command or its environment is too long.' : codes[code].user;
    return refuse(call, question.kind, code, text);
  }
}

async function open(call: Call, kind: string, plan: EnterPlan): Promise<Reply<'open-session'>> {
  const { connection, context } = call;
  const { account, from, sessions } = connection;
  const jail = await findJailOfLogin(context, account);
  if (jail === undefined) return refuse(call, kind, 'no-jail', `You have no machine named ${account.jail}.`);
  const facts = { account: account.account, kind, connectionId: from.connectionId, source: from.source };
  const { sessionId, fd } = await enterJail(context, jail, plan, facts);
  if (context.sessions.find(sessionId) !== undefined) sessions.add(sessionId);
  const ids = { connection: from.connectionId, session: sessionId, jail: jail.name, account: account.account };
  context.log.event('session.opened', { ...ids, kind });
  context.audit.record('session.started', { ...ids, kind, terminal: plan.terminal !== undefined });
  context.watchers.tell({
    what: 'session-started',
    jail: jail.name,
    account: account.account,
    sessionId,
    connectionId: from.connectionId,
  });
  return { answer: { outcome: 'opened', sessionId }, fds: [fd] };
}

function refuse({ connection, context }: Call, kind: string, code: string, text: string): Reply<'open-session'> {
  const { account, from } = connection;
  const ids = { connection: from.connectionId, jail: account.jail, account: account.account };
  context.log.event('session.refused', { ...ids, kind, code });
  context.audit.record('session.refused', { ...ids, kind, code });
  return { answer: { outcome: 'refused', code, text } };
}
