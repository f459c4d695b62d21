import type { ReadQuestion } from '../../privsep/request-table.js';
import type { WorkerCall } from '../call.js';
import type { LiveConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';

/** The last word of a connection. The counts are the worker's: they go into the audit trail, nothing is decided by them. */
export function answerEnd(
  { door }: WorkerCall<LiveConnection>,
  { reason, bytesIn, bytesOut }: ReadQuestion<'end'>,
): Promise<Reply<'end'>> {
  door.finish(reason, bytesIn, bytesOut);
  return Promise.resolve({ answer: {} });
}
