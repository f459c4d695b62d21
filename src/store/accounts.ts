import { z } from 'zod';
import { type AccountName, isAccountName, type JailName } from '../base/brands.js';
import type { Subnet } from '../base/ip.js';
import type { Config } from '../config/schema.js';
import { integer, matching, subnet, word, yesNo } from '../config/values.js';
import { accountName, jailName, listOf, moment, owner } from './fields.js';
import { stateLayout } from './layout.js';
import type { RecordKind } from './record-codec.js';
import { type RecordPlace, RecordStore } from './record-store.js';

/** Ways to prove who one is that a chain of an account may name. */
export type AuthMethod = 'publickey' | 'password';

/** What holds for one account where the configuration would hold otherwise. */
export interface AccountOptions {
  /** Each entry is a chain, all of whose methods are needed (`['publickey', 'password']`); one chain is enough. Absent: any one method. */
  readonly methods?: readonly (readonly AuthMethod[])[];
  readonly forwarding?: boolean;
  readonly maxSessions?: number;
  /** Only from these addresses. */
  readonly from?: readonly Subnet[];
  /** After this moment (ISO 8601) no login. */
  readonly expires?: string;
}

/** Who may log in. Never leaves the broker as a whole: it holds the password's hash. */
export interface Account {
  readonly name: AccountName;
  /** Who besides the admins may manage it: `user:NAME` or `group:NAME`. */
  readonly owner: string;
  readonly state: 'active' | 'locked';
  readonly created: string;
  /** Where a login without `+LABEL` goes; absent: the jail with the account's own name. */
  readonly defaultJail?: JailName;
  /** A crypt(3) string; absent: no password login. */
  readonly passwordHash?: string;
  /** Lines as in authorized_keys(5), with their options. */
  readonly keys: readonly string[];
  readonly options: AccountOptions;
}

const maxKeys = 1000;
const keyLine = matching(/^[^\0\r\n]{16,16384}$/, 'a line of authorized_keys');
const hash = matching(/^[!-9;-~]{1,512}$/, 'a crypt(3) string');
const chain = matching(
  /^(?:publickey|password)(?:\+(?:publickey|password))*$/,
  'a chain of methods (publickey+password)',
).transform((text) => text.split('+') as AuthMethod[]);

const accountSection = z.strictObject({
  name: accountName,
  owner,
  state: word(['active', 'locked']),
  created: moment,
  default_jail: jailName.optional(),
  password_hash: hash.optional(),
  key: listOf(keyLine, maxKeys).optional(),
});

const optionsSection = z.strictObject({
  methods: listOf(chain, 16).optional(),
  forwarding: yesNo.optional(),
  max_sessions: integer(1, 10_000).optional(),
  from: listOf(subnet, 256).optional(),
  expires: moment.optional(),
});

/** The account record; also what a look-up program prints. */
export const accountKind: RecordKind<Account> = {
  kind: 'account',
  version: 1,
  shape: z.strictObject({ account: accountSection, options: optionsSection.optional() }).transform(
    ({ account, options = {} }): Account => ({
      name: account.name,
      owner: account.owner,
      state: account.state,
      created: account.created,
      ...(account.default_jail !== undefined && { defaultJail: account.default_jail }),
      ...(account.password_hash !== undefined && { passwordHash: account.password_hash }),
      keys: account.key ?? [],
      options: {
        ...(options.methods !== undefined && { methods: options.methods }),
        ...(options.forwarding !== undefined && { forwarding: options.forwarding }),
        ...(options.max_sessions !== undefined && { maxSessions: options.max_sessions }),
        ...(options.from !== undefined && { from: options.from }),
        ...(options.expires !== undefined && { expires: options.expires }),
      },
    }),
  ),
  format: (account) => [
    [
      'account',
      {
        name: account.name,
        owner: account.owner,
        state: account.state,
        created: account.created,
        default_jail: account.defaultJail,
        password_hash: account.passwordHash,
        key: account.keys,
      },
    ],
    [
      'options',
      {
        methods: account.options.methods?.map((methods) => methods.join('+')),
        forwarding: account.options.forwarding === undefined ? undefined : account.options.forwarding ? 'yes' : 'no',
        max_sessions: account.options.maxSessions?.toString(),
        from: account.options.from?.map((block) => block.text),
        expires: account.options.expires,
      },
    ],
  ],
};

export type AccountStore = RecordStore<AccountName, Account>;

/** The account records of an instance: `STATE/accounts/NAME.ini`. */
export function openAccounts(
  server: Pick<Config['server'], 'stateDir'>,
  onQuarantine?: RecordPlace<AccountName, Account>['onQuarantine'],
): AccountStore {
  const layout = stateLayout(server);
  return new RecordStore<AccountName, Account>({
    kind: accountKind,
    folder: layout.accountsDir,
    fileOf: layout.accountFile,
    nameOf: (account) => account.name,
    entryName: (entry) => {
      const name = entry.endsWith('.ini') ? entry.slice(0, -4) : '';
      return isAccountName(name) ? name : undefined;
    },
    onQuarantine,
  });
}
