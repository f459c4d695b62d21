import { parseJailName } from '../../../base/brands.js';
import { InvalidValueError } from '../../../base/invalid-value.js';
import { parseSubnet } from '../../../base/ip.js';
import { JaildError } from '../../../errors/jaild-error.js';
import type { Account, AuthMethod } from '../../../store/accounts.js';
import { readAccountName } from '../../account-choice.js';
import { type GivenOptions, parseOption } from '../../given-options.js';
import type { Verb, VerbOption } from '../../verb.js';

const settings: readonly VerbOption[] = [
  { name: 'owner', value: 'user:NAME|group:NAME', summary: 'who besides the admins may manage it' },
  {
    name: 'default-jail',
    value: 'jail',
    summary: 'where a login without +LABEL goes (none = the jail of its own name)',
  },
  {
    name: 'methods',
    value: 'chain',
    summary: 'publickey, password or publickey+password; any means either',
    repeats: true,
  },
  { name: 'forwarding', value: 'yes|no|default', summary: 'allow forwarding' },
  { name: 'max-sessions', value: 'number|default', summary: 'sessions per connection' },
  { name: 'from', value: 'address|block|any', summary: 'logins only from there', repeats: true },
  { name: 'expires', value: 'time|never', summary: 'no login after this moment, as in 2027-01-31T00:00:00Z' },
];

export const accountSet: Verb = {
  words: ['account', 'set'],
  summary: 'change what holds for an account',
  example: 'jailctl account set alice --expires 2027-01-31T00:00:00Z --from 192.0.2.0/24',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  options: settings,
  json: '{ account, changed }',
  run: async ({ context, args, options }) => {
    const name = readAccountName(args);
    context.requireRoot();
    const changed = settings.map((setting) => setting.name).filter((setting) => options.has(setting));
    if (changed.length === 0)
      throw new JaildError('usage', `say what to set: ${settings.map((setting) => `--${setting.name}`).join(', ')}`);
    const record = context.openAudit();
    await context.accounts.change(name, (account) => edit(account, options));
    record('account.changed', { account: name, changed });
    context.output.done({ account: name, changed }, `account ${name}: ${changed.join(', ')} set`);
    return undefined;
  },
};

function edit(account: Account, options: GivenOptions): Account {
  const { defaultJail: before, ...same } = account;
  const defaultJail = options.has('default-jail') ? orNone(options, 'default-jail', 'none', parseJailName) : before;
  return {
    ...same,
    owner: options.text('owner') ?? account.owner,
    ...(defaultJail !== undefined && { defaultJail }),
    options: editOptions(account.options, options),
  };
}

function editOptions(before: Account['options'], options: GivenOptions): Account['options'] {
  const edited = {
    ...before,
    ...(options.has('methods') && { methods: listOrNone(options, 'methods', 'any', parseChain) }),
    ...(options.has('forwarding') && { forwarding: orNone(options, 'forwarding', 'default', parseYesNo) }),
    ...(options.has('max-sessions') && { maxSessions: orNone(options, 'max-sessions', 'default', parseSessions) }),
    ...(options.has('from') && { from: listOrNone(options, 'from', 'any', parseSubnet) }),
    ...(options.has('expires') && { expires: orNone(options, 'expires', 'never', parseMoment) }),
  };
  return Object.fromEntries(Object.entries(edited).filter(([, value]) => value !== undefined));
}

function orNone<Value>(
  options: GivenOptions,
  name: string,
  none: string,
  parse: (text: string) => Value,
): Value | undefined {
  return options.parsed(name, (text) => (text === none ? undefined : parse(text)));
}

function listOrNone<Value>(
  options: GivenOptions,
  name: string,
  none: string,
  parse: (text: string) => Value,
): readonly Value[] | undefined {
  const texts = options.texts(name);
  return texts.length === 1 && texts[0] === none ? undefined : texts.map((text) => parseOption(name, text, parse));
}

function parseChain(text: string): readonly AuthMethod[] {
  return text.split('+').map((method) => {
    if (method === 'publickey' || method === 'password') return method;
    throw new InvalidValueError(`"${method.slice(0, 40)}" is neither publickey nor password`);
  });
}

function parseYesNo(text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new InvalidValueError('it takes yes, no or default');
}

function parseSessions(text: string): number {
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new InvalidValueError('it takes a number from 1 or default');
}

function parseMoment(text: string): string {
  const moment = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(moment.getTime())) return moment.toISOString();
  throw new InvalidValueError('it takes a time as in 2027-01-31T00:00:00Z, or never');
}
