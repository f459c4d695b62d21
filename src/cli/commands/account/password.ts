import { hashPassword } from '../../../broker/passwords.js';
import { JaildError } from '../../../errors/jaild-error.js';
import { readAccountName } from '../../account-choice.js';
import { askSecret } from '../../confirm.js';
import type { CliContext } from '../../context.js';
import { readPasswordLine } from '../../read-input.js';
import { canAsk } from '../../terminal.js';
import type { Verb } from '../../verb.js';

export const accountPassword: Verb = {
  words: ['account', 'password'],
  summary: 'set the password of an account, or take it away',
  example: 'jailctl account password alice',
  args: [{ name: 'name', summary: 'the account', completes: 'accounts' }],
  options: [
    { name: 'password-stdin', summary: 'read it from the first line of standard input' },
    { name: 'remove', summary: 'no login by password any more' },
  ],
  json: '{ account, password (has one) }',
  run: async ({ context, args, options }) => {
    const name = readAccountName(args);
    context.requireRoot();
    await context.accounts.require(name);
    const isRemoved = options.has('remove');
    const hash = isRemoved
      ? undefined
      : await hashPassword(
          await readPassword(context, options.has('password-stdin')),
          context.config.auth.passwordHash,
        );
    const record = context.openAudit();
    await context.accounts.change(name, ({ passwordHash: _old, ...account }) => ({
      ...account,
      ...(hash !== undefined && { passwordHash: hash }),
    }));
    record('password.changed', { account: name, removed: isRemoved });
    context.output.done(
      { account: name, password: !isRemoved },
      isRemoved ? `account ${name} has no password any more` : `the password of ${name} is set`,
    );
    return undefined;
  },
};

async function readPassword({ streams }: CliContext, fromStdin: boolean): Promise<Buffer> {
  if (fromStdin) return await readPasswordLine(streams);
  if (!canAsk(streams))
    throw new JaildError('usage', 'nobody can be asked here: give the password with --password-stdin');
  const first = await askSecret(streams, 'New password: ');
  if (first === '') throw new JaildError('usage', 'nothing was done');
  if (first !== (await askSecret(streams, 'Again: ')))
    throw new JaildError('usage', 'the two differ; nothing was done');
  return Buffer.from(first);
}
