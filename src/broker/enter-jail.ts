import { isJaildError } from '../errors/jaild-error.js';
import type { RunningJail } from '../jail/running-jail.js';
import type { EnterQuestion } from '../privsep/jail-control-client.js';
import type { Jail } from '../store/jails.js';
import type { BrokerContext } from './context.js';
import { endSession } from './session-end.js';
import type { SessionEntry } from './session-registry.js';

/** The keeper's own deadline comes first. */
const startedSlackMs = 5_000;

export type EnterPlan = Omit<EnterQuestion, 'session' | 'deadlineMs'>;
export type EnterFacts = Pick<SessionEntry, 'account' | 'kind' | 'connectionId' | 'source'>;

/**
 * Opens a session in a jail, starting it if need be. The session is in the registry before the keeper can tell its end.
 * The descriptor is the session socket. Faults: those of a start, `keeper-failed`, `keeper-unreachable`.
 */
export async function enterJail(
  context: BrokerContext,
  jail: Jail,
  plan: EnterPlan,
  facts: EnterFacts,
): Promise<{ sessionId: string; fd: number }> {
  const sessionId = context.sessions.newId();
  context.sessions.addBeginning({
    ...facts,
    sessionId,
    jail: jail.name,
    user: plan.user,
    terminal: plan.terminal !== undefined,
    startedMs: Date.now(),
  });
  try {
    const question = { ...plan, session: sessionId, deadlineMs: context.config().session.enterTimeMs };
    const fd = await inRunningJail(context, jail, (running) => running.control.enter(question));
    forgetUnlessStarted(context, sessionId, question.deadlineMs + startedSlackMs);
    return { sessionId, fd };
  } catch (error) {
    context.sessions.remove(sessionId);
    throw error;
  }
}

/** Runs `work` in the running jail; once more when it turned out to be ending at that very moment (linger, a stop, a crash). */
export async function inRunningJail<Result>(
  context: BrokerContext,
  jail: Jail,
  work: (running: RunningJail) => Promise<Result>,
): Promise<Result> {
  const running = await context.runtime.ensureRunning(jail);
  try {
    return await work(running);
  } catch (error) {
    if (!isJaildError(error, 'keeper-unreachable') || !running.control.isClosed) throw error;
  }
  return await work(await context.runtime.ensureRunning(jail));
}

/** A set-up that failed is told on the session socket, to its asker alone: here it shows by the silence. */
function forgetUnlessStarted(context: BrokerContext, sessionId: string, afterMs: number): void {
  setTimeout(() => {
    if (context.sessions.isBeginning(sessionId)) endSession(context, sessionId, {});
  }, afterMs).unref();
}
