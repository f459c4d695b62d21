import { toAdminText } from '../../errors/presentation.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import type { BrokerContext } from '../context.js';
import type { Reply } from '../dispatch.js';

/** Starts one more worker; the descriptor is the listener's end of its control socket. */
export async function answerStartWorker(context: BrokerContext): Promise<Reply<'start-worker'>> {
  try {
    const { workerId, pid, control } = await context.workers.start();
    return { answer: { outcome: 'started', workerId, pid }, fds: [control] };
  } catch (error) {
    context.log.event('worker.failed', { error });
    return { answer: { outcome: 'failed', text: toAdminText(error).slice(0, 1000) } };
  }
}

/** Ends a worker that hangs. One that has ended already is no fault. */
export function answerKillWorker(
  context: BrokerContext,
  { workerId }: ReadQuestion<'kill-worker'>,
): Promise<Reply<'kill-worker'>> {
  context.workers.kill(workerId);
  return Promise.resolve({ answer: {} });
}
