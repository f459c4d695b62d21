import type { Account, AuthMethod } from '../store/accounts.js';

/**
 * Whether the methods passed so far (in order) are enough, or which may come next. Without chains any one method is enough.
 * `next` empty: this way leads nowhere.
 */
export function judgeChains(account: Account, done: readonly AuthMethod[]): { isEnough: boolean; next: AuthMethod[] } {
  const chains = account.options.methods;
  if (chains === undefined) return { isEnough: done.length > 0, next: [] };
  const open = chains.filter((chain) => done.every((method, index) => chain[index] === method));
  const isEnough = open.some((chain) => chain.length === done.length && done.length > 0);
  const next = open.flatMap((chain) => chain[done.length] ?? []);
  return { isEnough, next: [...new Set(next)] };
}
