import { confirm } from '../../confirm.js';
import { type Verb, yesOption } from '../../verb.js';

export const serverDrain: Verb = {
  words: ['server', 'drain'],
  summary: 'accept no new connections; the server ends when the last one has gone',
  example: 'jailctl server drain --yes',
  options: [yesOption],
  json: '{ outcome: draining }',
  run: async ({ context, options }) => {
    await confirm(
      context.streams,
      'Accept no new connections and end the server when the last one has gone?',
      options.has('yes'),
    );
    await context.door().ask('drain', {});
    context.output.done(
      { outcome: 'draining' },
      'the server drains: no new connections, and it ends with the last one',
    );
    return undefined;
  },
};
