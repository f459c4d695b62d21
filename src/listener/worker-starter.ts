import { addon } from '../base/addon.js';
import { withDeadline } from '../base/deadline.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';
import type { ListenerSettings } from '../privsep/worker-control.js';
import type { BrokerLink } from './broker-link.js';
import { type WorkerEvents, WorkerLink } from './worker-link.js';

type Events = Omit<WorkerEvents, 'ready'>;
type Broker = Pick<BrokerLink, 'ask'>;

/**
 * Starts one worker through the broker and waits until it says that it is ready; one that does not is killed.
 * Faults: `role-failed`, and those of the broker.
 */
export async function startWorker(
  broker: Broker,
  settings: ListenerSettings,
  events: Events,
  log: Log,
): Promise<WorkerLink> {
  const { startTimeMs } = settings.workers;
  const { answer, fds } = await broker.ask('start-worker', {}, startTimeMs);
  const [control] = fds;
  if (answer.outcome !== 'started' || control === undefined) {
    for (const fd of fds) addon.close(fd);
    const why = answer.outcome === 'failed' ? answer.text : 'no control socket came';
    throw new JaildError('role-failed', `a worker could not be started: ${why}`);
  }
  const { workerId, pid } = answer;
  const { link, ready } = awaitReady({ id: workerId, pid, control }, settings.session, events);
  try {
    await withDeadline(ready, startTimeMs, `"ready" of worker ${workerId}`);
    log.event('worker.started', { worker: workerId, workerPid: pid });
    return link;
  } catch (error) {
    link.close();
    await broker
      .ask('kill-worker', { workerId })
      .catch((cause: unknown) => log.debug('a failed worker was not killed', { error: cause }));
    throw error;
  }
}

function awaitReady(
  identity: ConstructorParameters<typeof WorkerLink>[0],
  session: ListenerSettings['session'],
  events: Events,
): { link: WorkerLink; ready: Promise<void> } {
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const link = new WorkerLink(identity, session, {
    ...events,
    ready: () => settle?.resolve(),
    gone: (worker, fault) => {
      const fields = { worker: worker.id };
      settle?.reject(
        new JaildError('role-failed', `worker ${worker.id} ended while it started`, {
          fields,
          cause: fault ?? undefined,
        }),
      );
      events.gone(worker, fault);
    },
  });
  return { link, ready };
}
