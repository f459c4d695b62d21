import { jailsOf, readAccountName } from '../../account-choice.js';
import { toKeyRows } from '../../keys.js';
import { toSshLine } from '../../ssh-line.js';
import type { Verb } from '../../verb.js';

export const accountShow: Verb = {
  words: ['account', 'show'],
  summary: 'show an account: keys, jails, options',
  example: 'jailctl account show alice',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  json: '{ name, state, owner, created, password (has one), defaultJail or null, jails, keys: [{ index, fingerprint, type, comment, options, reason }], options, ssh }',
  run: async ({ context, args }) => {
    const name = readAccountName(args);
    context.requireRoot();
    const account = await context.accounts.require(name);
    const keys = toKeyRows(account.keys, context.config.auth.minRsaBits);
    const jails = jailsOf(context, name);
    const ssh = toSshLine(context.config.server, name);
    const { state, owner, created, options, defaultJail = null } = account;
    const password = account.passwordHash !== undefined;
    context.output.show({ name, state, owner, created, password, defaultJail, jails, keys, options, ssh }, [
      ['name', name],
      ['state', state],
      ['owner', owner],
      ['created', created],
      ['password', password ? 'yes' : 'no'],
      ['jails', jails.join(' ')],
      ['default jail', defaultJail ?? undefined],
      ...keys.map((key): [string, string] => [
        `key ${key.index}`,
        key.reason === ''
          ? `${key.fingerprint} ${key.type} ${key.comment} ${key.options}`.trim()
          : `unusable: ${key.reason}`,
      ]),
      ['methods', options.methods?.map((chain) => chain.join('+')).join(' ')],
      ['forwarding', options.forwarding === undefined ? undefined : options.forwarding ? 'yes' : 'no'],
      ['sessions', options.maxSessions?.toString()],
      ['only from', options.from?.map((block) => block.text).join(' ')],
      ['expires', options.expires],
      ['log in with', ssh],
    ]);
    return undefined;
  },
};
