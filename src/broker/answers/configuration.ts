import type { BrokerContext } from '../context.js';
import type { Reply } from '../dispatch.js';

/** The settings that listener and workers need; they read no files. */
export function answerConfiguration(context: BrokerContext): Promise<Reply<'configuration'>> {
  const { listener, server, session, workers } = context.config();
  return Promise.resolve({
    answer: {
      listener: {
        identification: server.identification,
        graceTimeMs: listener.graceTimeMs,
        identTimeMs: listener.identTimeMs,
        maxStartups: listener.maxStartups,
        maxStartupsPerSource: listener.maxStartupsPerSource,
        maxConnections: listener.maxConnections,
        maxConnectionsPerSource: listener.maxConnectionsPerSource,
        dropFrom: listener.dropFrom,
        sourcePrefixIpv4: listener.sourcePrefixIpv4,
        sourcePrefixIpv6: listener.sourcePrefixIpv6,
        stopTimeMs: server.stopTimeMs,
      },
      workers: {
        sharing: workers.sharing,
        neverShare: workers.neverShare.map(({ text }) => text),
        maxWorkers: workers.maxWorkers,
        maxSingleWorkers: workers.maxSingleWorkers,
        spares: workers.spares,
        watchdogTimeMs: workers.watchdogTimeMs,
        startTimeMs: workers.startTimeMs,
        idleTimeMs: workers.idleTimeMs,
      },
      session: {
        acceptEnvironment: [...session.acceptEnv],
        keepaliveMs: session.keepaliveMs,
        maxSessions: session.maxSessions,
        maxForwards: session.maxForwards,
        idleTimeMs: session.idleTimeMs,
      },
    },
  });
}
