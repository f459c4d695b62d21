import { JaildError } from '../../../errors/jaild-error.js';
import { listRecipes } from '../../../template/resolve.js';
import type { CliContext } from '../../context.js';
import type { Verb } from '../../verb.js';

const lists: Readonly<Record<string, (context: CliContext) => Promise<readonly string[]>>> = {
  accounts: (context) => Promise.resolve(context.accounts.listNames()),
  jails: (context) => Promise.resolve(context.jails.listNames()),
  templates: (context) => listRecipes(context.config.server.templateDir),
};

/** What the completion scripts ask for. */
export const completionNames: Verb = {
  words: ['completion', 'names'],
  summary: 'print names, one a line, for the completion scripts',
  example: 'jailctl completion names jails',
  args: [{ name: 'kind', summary: 'accounts, jails or templates' }],
  hidden: true,
  run: async ({ context, args }) => {
    const [kind = ''] = args;
    const list = Object.hasOwn(lists, kind) ? lists[kind] : undefined;
    if (list === undefined)
      throw new JaildError('usage', `there are no names of the kind "${kind}": ${Object.keys(lists).join(', ')}`);
    context.output.text((await list(context)).map((name) => `${name}\n`).join(''));
    return undefined;
  },
};
