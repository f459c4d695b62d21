import { monotonicMs } from '../../base/deadline.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import type { WorkerCall } from '../call.js';
import type { AnonymousConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';

export function answerBegin(
  { context, connection }: WorkerCall<AnonymousConnection>,
  _question: ReadQuestion<'begin'>,
): Promise<Reply<'begin'>> {
  const { auth, session } = context.config();
  return Promise.resolve({
    answer: {
      connectionId: connection.from.connectionId,
      cookie: connection.exchange.nextCookie().toString('base64'),
      hostKeys: context.hostKeys.map(({ type, blob }) => ({ type, blob: blob.toString('base64') })),
      maxTries: auth.maxTries,
      graceDeadlineMs: Math.max(0, Math.round(connection.graceEndMs - monotonicMs())),
      passwordAllowed: auth.password,
      maxSessions: session.maxSessions,
      maxForwards: session.maxForwards,
      keepaliveMs: session.keepaliveMs,
      idleTimeMs: session.idleTimeMs,
      acceptEnvironment: [...session.acceptEnv],
    },
  });
}
