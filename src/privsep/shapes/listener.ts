import { z } from 'zod';
import { address, counter, identifier, milliseconds, port, text } from './values.js';

/** One accepted socket; the source is what everything later is judged by. */
export const openDoor = z.strictObject({ source: address, sourcePort: port, local: address, localPort: port });

/** The descriptor is the worker's end of the door. `graceDeadlineMs` is what is left. */
export const doorOpened = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('opened'), connectionId: identifier, graceDeadlineMs: milliseconds }),
  z.strictObject({ outcome: z.literal('full') }),
]);

/** The descriptor is the listener's end of the worker's control socket. */
export const workerStarted = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('started'), workerId: identifier, pid: counter }),
  z.strictObject({ outcome: z.literal('failed'), text: text(1000) }),
]);

export const killWorker = z.strictObject({ workerId: identifier });

/** Settings of the configuration that listener and workers need (they read no files). */
export const listenerSettings = z.strictObject({
  listener: z.strictObject({
    identification: text(253),
    graceTimeMs: milliseconds,
    identTimeMs: milliseconds,
    maxStartups: counter,
    maxStartupsPerSource: counter,
    maxConnections: counter,
    maxConnectionsPerSource: counter,
    dropFrom: counter,
    sourcePrefixIpv4: counter,
    sourcePrefixIpv6: counter,
    stopTimeMs: milliseconds,
  }),
  workers: z.strictObject({
    sharing: z.enum(['connection', 'address', 'pool']),
    neverShare: z.array(text(64)),
    maxWorkers: counter,
    maxSingleWorkers: counter,
    spares: counter,
    watchdogTimeMs: milliseconds,
    startTimeMs: milliseconds,
    idleTimeMs: milliseconds,
  }),
  session: z.strictObject({
    acceptEnvironment: z.array(text(128)),
    keepaliveMs: milliseconds,
    maxSessions: counter,
    maxForwards: counter,
    idleTimeMs: milliseconds,
  }),
});
