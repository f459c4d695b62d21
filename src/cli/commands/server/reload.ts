import type { Verb } from '../../verb.js';

export const serverReload: Verb = {
  words: ['server', 'reload'],
  summary: 'read the configuration again; a bad one changes nothing',
  example: 'jailctl server reload',
  json: '{ outcome: reloaded }',
  run: async ({ context }) => {
    await context.door().ask('reload', {});
    context.output.done({ outcome: 'reloaded' }, 'the server has read its configuration');
    return undefined;
  },
};
