import { type AccountName, accountOfJail, isAccountName, isJailName, type JailName } from '../base/brands.js';
import { isJaildError } from '../errors/jaild-error.js';
import type { Account } from '../store/accounts.js';
import type { Jail } from '../store/jails.js';
import { type AdminPeer, mayAct, maySee, notFound } from './authorize.js';
import type { BrokerContext } from './context.js';

type Need = 'see' | 'act';

function isAllowed(peer: AdminPeer, owner: string, need: Need): boolean {
  return need === 'see' ? maySee(peer, owner) : mayAct(peer, owner);
}

/** The jail, when it is there and the peer may do this with it; else `not-found` in both cases. */
export async function requireJail({ jails }: BrokerContext, peer: AdminPeer, name: string, need: Need): Promise<Jail> {
  const jail = isJailName(name) ? await jails.find(name) : undefined;
  if (jail === undefined || !isAllowed(peer, jail.owner, need)) throw notFound('jail', name);
  return jail;
}

/** The account under the same rule. */
export async function requireAccount(
  { accounts }: BrokerContext,
  peer: AdminPeer,
  name: string,
  need: Need,
): Promise<Account> {
  const account = isAccountName(name) ? await accounts.find(name) : undefined;
  if (account === undefined || !isAllowed(peer, account.owner, need)) throw notFound('account', name);
  return account;
}

/** Whether the peer may do this with things of a jail (its sessions); false when its record cannot be read. */
export async function mayWithJail(
  { jails }: BrokerContext,
  peer: AdminPeer,
  name: JailName,
  need: Need,
): Promise<boolean> {
  if (isAllowed(peer, '', need)) return true;
  return isAllowed(peer, (await ownerOf(() => jails.find(name))) ?? '', need);
}

/** The same for things of an account (its connections). Before login a connection is nobody's. */
export async function mayWithAccount(
  { accounts }: BrokerContext,
  peer: AdminPeer,
  name: AccountName | '',
  need: Need,
): Promise<boolean> {
  if (isAllowed(peer, '', need)) return true;
  return name !== '' && isAllowed(peer, (await ownerOf(() => accounts.find(name))) ?? '', need);
}

/** Whether anything at all is the peer's: a stranger is refused at the door. */
export async function ownsAnything(context: BrokerContext, peer: AdminPeer): Promise<boolean> {
  for (const store of [context.accounts, context.jails]) {
    const { values } = await store.list();
    if (values.some((record: { owner: string }) => maySee(peer, record.owner))) return true;
  }
  return false;
}

/** Names of the jails of one account, by their names alone. */
export function jailNamesOf({ jails }: BrokerContext, account: AccountName): JailName[] {
  return jails.listNames().filter((name) => accountOfJail(name) === account);
}

async function ownerOf(find: () => Promise<{ owner: string } | undefined>): Promise<string | undefined> {
  try {
    return (await find())?.owner;
  } catch (error) {
    if (isJaildError(error)) return undefined; // expected: a damaged record
    throw error;
  }
}
