import { addon } from '../base/addon.js';
import { withDeadline } from '../base/deadline.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';
import type { ListenerSettings } from '../privsep/worker-control.js';
import type { BrokerLink } from './broker-link.js';
import { type WorkerEvents, WorkerLink } from './worker-link.js';

/**
 * Starts one worker through the broker and waits until it says that it is ready; one that does not is killed. Faults: `role-failed`, and those of the broker.
 */
export async function startWorker(
  broker: Pick<BrokerLink, 'ask'>,
  settings: ListenerSettings,
  events: Omit<WorkerEvents, 'ready'>,
  log: Log,
): Promise<WorkerLink> {
  const { answer, fds } = await broker.ask('start-worker', {}, settings.workers.startTimeMs);
  const [control] = fds;
  if (answer.outcome !== 'started' || control === undefined) {
    for (const fd of fds) addon.close(fd);
    throw new JaildError(
      'role-failed',
      `a worker could not be started: ${answer.outcome === 'failed' ? answer.text : 'no control socket came'}`,
    );
  }
  const identity = { id: answer.workerId, pid: answer.pid, control };
  let worker: WorkerLink | undefined;
  try {
    const ready = new Promise<WorkerLink>((resolve, reject) => {
      worker = new WorkerLink(identity, settings.session, {
        ...events,
        ready: resolve,
        gone: (link, fault) => {
          reject(
            new JaildError('role-failed', `worker ${link.id} ended while it started`, {
              fields: { worker: link.id },
              cause: fault ?? undefined,
            }),
          );
          events.gone(link, fault);
        },
      });
    });
    const link = await withDeadline(ready, settings.workers.startTimeMs, `"ready" of worker ${identity.id}`);
    log.event('worker.started', { worker: link.id, workerPid: link.pid });
    return link;
  } catch (error) {
    worker?.close();
    await broker
      .ask('kill-worker', { workerId: identity.id })
      .catch((cause: unknown) => log.debug('a failed worker was not killed', { error: cause }));
    throw error;
  }
}
