import type { JailName } from '../base/brands.js';
import type { JailEvents } from '../jail/running-jail.js';
import type { BrokerContext } from './context.js';
import { endSession } from './session-end.js';

/** What the broker does with the news of jails' keepers: registry, log, audit, watchers. The context comes later than the runtime that tells them. */
export function makeJailEvents(context: () => BrokerContext): JailEvents {
  return {
    started(jail) {
      record(context(), 'jail.started', jail, {});
    },
    restarted(jail) {
      forgetSessions(context(), jail);
      record(context(), 'jail.started', jail, { how: 'restarted from inside' });
    },
    ended(jail, how, end) {
      forgetSessions(context(), jail);
      context().log.event('jail.ended', { jail, how, ...end });
      context().audit.record('jail.stopped', { jail, how, ...end });
      context().watchers.tell({ what: 'jail-ended', jail, detail: how });
    },
    sessionStarted(_jail, session) {
      context().sessions.markStarted(session);
    },
    sessionEnded(jail, session, end) {
      endSession(context(), session, end);
      void stopUnlessLingering(context(), jail);
    },
  };
}

function record(
  context: BrokerContext,
  event: 'jail.started',
  jail: JailName,
  facts: Readonly<Record<string, string>>,
): void {
  context.log.event(event, { jail, ...facts });
  context.audit.record(event, { jail, ...facts });
  context.watchers.tell({ what: 'jail-started', jail });
}

function forgetSessions(context: BrokerContext, jail: JailName): void {
  for (const { sessionId } of context.sessions.list().filter((entry) => entry.jail === jail))
    endSession(context, sessionId, {});
}

/** `linger = none`: the jail ends with its last session, whatever it still runs. The other kinds are the keeper's. */
async function stopUnlessLingering(context: BrokerContext, name: JailName): Promise<void> {
  try {
    if (context.runtime.find(name)?.sessions.size !== 0) return;
    const jail = await context.jails.find(name);
    if (jail?.linger === 'none') await context.runtime.stop(name, context.config().jails.stopTimeMs);
  } catch (error) {
    context.log.event('jail.failed', { jail: name, while: 'stopping after the last session', error });
  }
}
