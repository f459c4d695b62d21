import { setAccountState } from '../../set-account-state.js';
import type { Verb } from '../../verb.js';

export const accountUnlock: Verb = {
  words: ['account', 'unlock'],
  summary: 'allow logins again',
  example: 'jailctl account unlock bob',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  json: '{ account, state }',
  run: (call) => setAccountState(call, 'active'),
};
