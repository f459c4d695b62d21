import type { ReadQuestion } from '../../privsep/request-table.js';
import type { WorkerCall } from '../call.js';
import type { LiveConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';
import { computeExchangeHash, findExchangeFault } from '../exchange-hash.js';

/** Key exchanges that a connection may make before login; clients make one. */
const maxBeforeLogin = 8;

/**
 * Signs the exchange hash that it computes itself from the parts: over our own host key, with the cookie that it gave out for this very
 * exchange. The first hash is the session id of the connection for good.
 */
export async function answerSignExchange(
  { context, connection, door }: WorkerCall<LiveConnection>,
  parts: ReadQuestion<'sign-exchange'>,
): Promise<Reply<'sign-exchange'>> {
  const { exchange } = connection;
  const cookie = exchange.takeCookie();
  if (cookie === null) return door.violate('a signature without a cookie', 'sign-exchange');
  if (connection.phase === 'before-login' && exchange.count >= maxBeforeLogin)
    return door.violate('too many key exchanges before login', 'sign-exchange');
  const serverIdent = Buffer.from(`SSH-2.0-${context.config().server.identification}`, 'latin1');
  const { clientIdent } = exchange;
  const fault = findExchangeFault(parts, { cookie, serverIdent, ...(clientIdent !== undefined && { clientIdent }) });
  const key = context.hostKeys.find(({ algorithms }) => algorithms.includes(parts.hostKeyAlgorithm));
  if (fault !== null || key === undefined)
    return door.violate(fault ?? 'no host key for this algorithm', 'sign-exchange');
  const hash = computeExchangeHash(parts, key.blob);
  const signature = await key.sign(parts.hostKeyAlgorithm, hash);
  exchange.finish(parts, hash);
  return {
    answer: {
      hash: hash.toString('base64'),
      signature: signature.toString('base64'),
      nextCookie: exchange.nextCookie().toString('base64'),
    },
  };
}
