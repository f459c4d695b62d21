import { readAccountName } from './account-choice.js';
import type { VerbCall } from './verb.js';

/** Locks or unlocks an account. The broker sees the record change and ends what a locked account has open. */
export async function setAccountState({ context, args }: VerbCall, state: 'locked' | 'active'): Promise<undefined> {
  const name = readAccountName(args);
  context.requireRoot();
  const record = context.openAudit();
  await context.accounts.change(name, (account) => ({ ...account, state }));
  record(state === 'locked' ? 'account.locked' : 'account.unlocked', { account: name });
  context.output.done({ account: name, state }, `account ${name} is ${state}`);
  return undefined;
}
