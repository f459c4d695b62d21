import { isJaildError } from '../errors/jaild-error.js';
import type { Jail } from '../store/jails.js';
import type { AuthenticatedAccount } from './authenticated-account.js';
import type { BrokerContext } from './context.js';

/**
 * The jail of a login. It is the one bound at login: a worker cannot name another. With `auto_create` a first login makes it; of many at
 * once one does. Undefined: there is none, or its record names another account.
 */
export async function findJailOfLogin(
  context: BrokerContext,
  { account, jail: name }: AuthenticatedAccount,
): Promise<Jail | undefined> {
  const jail = (await context.jails.find(name)) ?? (await makeJail(context, { account, jail: name }));
  return jail?.account === account ? jail : undefined;
}

async function makeJail(
  context: BrokerContext,
  { account, jail: name }: Pick<AuthenticatedAccount, 'account' | 'jail'>,
): Promise<Jail | undefined> {
  const { autoCreate, autoTemplate } = context.config().auth;
  // Only an account's plain jail: a typing error in +LABEL must not make a machine.
  if (!autoCreate || name.includes('+')) return undefined;
  const record = await context.accounts.find(account);
  try {
    const jail = await context.lifecycle().create({
      name,
      account,
      owner: record?.owner ?? 'user:root',
      ...(autoTemplate !== undefined && { template: autoTemplate }),
    });
    context.log.event('jail.created', { jail: name, account, how: 'first login' });
    context.audit.record('jail.created', { jail: name, account, how: 'first login' });
    return jail;
  } catch (error) {
    if (!isJaildError(error, 'record-exists')) throw error;
  }
  return await context.jails.find(name); // another login was first
}
