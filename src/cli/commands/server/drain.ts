import { confirm } from '../../confirm.js';
import { type Verb, yesOption } from '../../verb.js';

export const serverDrain: Verb = {
  words: ['server', 'drain'],
  summary: 'accept no new connections; those that are open go on',
  example: 'jailctl server drain --yes',
  options: [yesOption],
  json: '{ outcome: draining }',
  run: async ({ context, options }) => {
    await confirm(context.streams, 'Accept no new connections until the server is started again?', options.has('yes'));
    await context.door().ask('drain', {});
    context.output.done({ outcome: 'draining' }, 'the server drains: no new connections');
    return undefined;
  },
};
