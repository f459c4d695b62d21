import { toUserText } from '../errors/presentation.js';
import type { Log } from '../log/log.js';
import type { Question } from '../privsep/request-table.js';
import type { NearEnds } from '../privsep/session-socket.js';
import type { ConnectionDoor } from './connection-door.js';
import { SessionLink } from './session-link.js';

/** A session that runs, or one plain line for the user why it does not. */
export type Opening =
  | { readonly outcome: 'started'; readonly link: SessionLink; readonly ends: NearEnds }
  | { readonly outcome: 'refused'; readonly text: string };

/** Asks the broker for a session and waits until its program runs. Never throws: a fault becomes a refusal. */
export async function openSession(
  door: ConnectionDoor,
  question: Question<'open-session'>,
  log: Log,
): Promise<Opening> {
  try {
    const { answer, fds } = await door.ask('open-session', question);
    if (answer.outcome === 'refused') return { outcome: 'refused', text: `${answer.text} [${answer.code}]` };
    const [fd] = fds;
    if (fd === undefined) return { outcome: 'refused', text: toUserText(null) };
    return await waitForSetUp(new SessionLink(fd), log.child({ session: answer.sessionId }));
  } catch (error) {
    log.event('session.failed', { error });
    return { outcome: 'refused', text: toUserText(error) };
  }
}

async function waitForSetUp(link: SessionLink, log: Log): Promise<Opening> {
  const setUp = await link.setUp;
  if (setUp.outcome === 'started') return { outcome: 'started', link, ends: setUp.ends };
  link.close();
  log.event('session.failed', { error: setUp.fault });
  return {
    outcome: 'refused',
    text: setUp.fault === null ? 'The jail ended before the session began.' : toUserText(setUp.fault),
  };
}
