import { setAccountState } from '../../set-account-state.js';
import type { Verb } from '../../verb.js';

export const accountLock: Verb = {
  words: ['account', 'lock'],
  summary: 'no more logins, and what is logged in ends; nothing is removed',
  example: 'jailctl account lock bob',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  json: '{ account, state }',
  run: (call) => setAccountState(call, 'locked'),
};
