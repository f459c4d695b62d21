import { randomBytes } from 'node:crypto';
import { addon } from '../../base/addon.js';
import { monotonicMs } from '../../base/deadline.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import { makeAnonymous } from '../connection.js';
import type { BrokerContext } from '../context.js';
import type { Reply } from '../dispatch.js';
import { WorkerDoor } from '../worker-door.js';

/**
 * A door for one socket that the listener accepted; the only way in which one comes to be. The source is the listener's word, so that no
 * worker can invent one. The listener's own cap holds first; this one is for a listener that is taken over.
 */
export function answerOpenDoor(
  context: BrokerContext,
  question: ReadQuestion<'open-door'>,
): Promise<Reply<'open-door'>> {
  const { listener } = context.config();
  if (context.connections.size >= listener.maxConnections) return Promise.resolve({ answer: { outcome: 'full' } });
  const connectionId = randomBytes(8).toString('hex');
  const [ours, theirs] = addon.socketPair('stream');
  const from = { ...question, connectionId, openedMs: Date.now() };
  new WorkerDoor(ours, makeAnonymous(from, monotonicMs() + listener.graceTimeMs), context);
  return Promise.resolve({
    answer: { outcome: 'opened', connectionId, graceDeadlineMs: listener.graceTimeMs },
    fds: [theirs],
  });
}
