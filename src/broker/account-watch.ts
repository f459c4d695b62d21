import { isJaildError } from '../errors/jaild-error.js';
import { hasEnded } from './candidate.js';
import type { AuthenticatedConnection } from './connection.js';
import type { BrokerContext } from './context.js';

const intervalMs = 2_000;

/**
 * Ends the connections of accounts that were locked, removed or have expired since they logged in, within seconds. Only accounts of the
 * records are looked at: a look-up program is asked at login. A record that cannot be read now changes nothing.
 */
export function watchAccounts(context: BrokerContext): () => void {
  const timer = setInterval(() => {
    check(context).catch((error: unknown) => context.log.fault('watching accounts', error));
  }, intervalMs).unref();
  return () => clearInterval(timer);
}

async function check(context: BrokerContext): Promise<void> {
  for (const entry of context.connections.list()) {
    const connection = entry.connection();
    if (connection.phase === 'after-login' && (await isGone(context, connection))) {
      entry.terminate('account', 'Your account may not log in any more.');
    }
  }
}

async function isGone(context: BrokerContext, { account, from }: AuthenticatedConnection): Promise<boolean> {
  try {
    const record = await context.accounts.find(account.account);
    return hasEnded(account, record, from.source, Date.now());
  } catch (error) {
    if (isJaildError(error)) return false;
    throw error;
  }
}
