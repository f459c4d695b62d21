import { type AcceptedConnection, addon } from '../base/addon.js';
import { monotonicMs } from '../base/deadline.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';
import type { ListenerSettings } from '../privsep/worker-control.js';
import type { AdmissionControl, AdmissionRefusal, Slot } from './admission.js';
import type { BrokerLink } from './broker-link.js';
import type { ConnectionTable } from './connection-table.js';
import { awaitIdentification } from './identification.js';
import { type RefusalReason, refuse, trySend } from './refusal.js';
import { toSourceKey } from './source-key.js';
import type { WorkerLink } from './worker-link.js';
import type { WorkerPool } from './worker-pool.js';

/** What receiving a connection needs. */
export interface ReceptionContext {
  readonly settings: ListenerSettings;
  readonly admission: AdmissionControl;
  readonly broker: Pick<BrokerLink, 'ask'>;
  readonly pool: WorkerPool;
  readonly table: ConnectionTable;
  readonly log: Log;
}

const reasonOfLimit: Readonly<Record<AdmissionRefusal, RefusalReason>> = {
  startups: 'too-many-startups',
  early: 'too-many-startups',
  'startups-source': 'too-many-from-you',
  connections: 'too-many-connections',
  'connections-source': 'too-many-from-you',
};

/**
 * From an accepted socket to a worker that serves it: admission, our identification line, theirs, a worker, a door, hand-over.
 * Takes over the socket; never throws. The whole may take no longer than the time to log in.
 */
export async function receiveConnection(context: ReceptionContext, accepted: AcceptedConnection): Promise<void> {
  const { address: source, fd } = accepted;
  const { listener } = context.settings;
  const greeting = `SSH-2.0-${listener.identification}\r\n`;
  if (source === undefined) {
    addon.close(fd); // a Unix socket has no source to count
    return;
  }
  const sourceKey = toSourceKey(source, { ipv4: listener.sourcePrefixIpv4, ipv6: listener.sourcePrefixIpv6 });
  const admission = context.admission.admit(sourceKey);
  if (admission.outcome === 'refused') {
    context.log.event('connection.refused', { source, limit: admission.limit, ...context.admission.total });
    refuse(fd, reasonOfLimit[admission.limit], { greeting });
    return;
  }
  const { slot } = admission;
  const started = monotonicMs();
  try {
    const line = await identify(context, accepted, greeting);
    if (line === undefined) {
      slot.release();
      return;
    }
    await handOver(context, accepted, {
      line,
      sourceKey,
      slot,
      graceMs: listener.graceTimeMs - (monotonicMs() - started),
    });
  } catch (error) {
    // Expected: no broker, no worker, or too many of them. The user may try again.
    slot.release();
    context.log.event('connection.refused', { source, error });
    refuse(fd, isJaildError(error, 'store-busy') ? 'too-many-connections' : 'unavailable');
  }
}

/** The client's line, or undefined when the connection has ended here (the socket is closed then, or about to be). */
async function identify(
  { settings, log }: ReceptionContext,
  accepted: AcceptedConnection,
  greeting: string,
): Promise<string | undefined> {
  const { fd, address: source } = accepted;
  // The line must not wait for the client's: ssh-keyscan and others wait for ours.
  if (trySend(fd, Buffer.from(greeting, 'latin1'))) {
    const identification = await awaitIdentification(
      fd,
      Math.min(settings.listener.identTimeMs, settings.listener.graceTimeMs),
    );
    if (identification.outcome === 'identified') return identification.line;
    if (identification.outcome === 'refused') {
      log.event('connection.refused', {
        source,
        fault: identification.fault,
        untrusted: { identification: identification.shown },
      });
      refuse(fd, 'not-ssh-2', { speaksSsh: false });
      return undefined;
    }
    log.event('connection.closed', { source, before: 'identification', outcome: identification.outcome });
  }
  addon.close(fd);
  return undefined;
}

async function handOver(
  { settings, broker, pool, table, log }: ReceptionContext,
  accepted: AcceptedConnection,
  { line, sourceKey, slot, graceMs }: { line: string; sourceKey: string; slot: Slot; graceMs: number },
): Promise<void> {
  const { fd, address: source = '', port: sourcePort = 0, localAddress: local = '', localPort = 0 } = accepted;
  const begun = monotonicMs();
  const leftMs = (): number => Math.max(0, Math.floor(graceMs - (monotonicMs() - begun)));
  const { answer, fds } = await broker.ask('open-door', { source, sourcePort, local, localPort });
  const [door] = fds;
  if (answer.outcome === 'full' || door === undefined)
    throw new JaildError('store-busy', 'the broker has too many doors open');
  const { connectionId } = answer;
  const worker = await placeOrClose(pool.place(source, sourceKey, leftMs()), door);
  const deadlineMs = Math.min(answer.graceDeadlineMs, leftMs());
  const { identification } = settings.listener;
  table.add({ connectionId, slot, worker });
  worker.hand(
    { connectionId, source, sourcePort, local, localPort, deadlineMs, identification, clientIdentification: line },
    fd,
    door,
  );
  log.event('connection.handed-over', {
    connection: connectionId,
    worker: worker.id,
    source,
    sourcePort,
    local,
    localPort,
    untrusted: { identification: line },
  });
}

async function placeOrClose(placing: Promise<WorkerLink>, door: number): Promise<WorkerLink> {
  try {
    return await placing;
  } catch (error) {
    addon.close(door); // the broker sees that this connection came to nothing
    throw error;
  }
}
