import { readJailName } from '../../account-choice.js';
import type { Verb } from '../../verb.js';

export const jailStart: Verb = {
  words: ['jail', 'start'],
  summary: 'start a jail (a login does so too)',
  example: 'jailctl jail start alice',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  json: '{ jail, outcome: started or already-running, initPid }',
  run: async ({ context, args }) => {
    const jail = readJailName(args);
    const { answer } = await context.door().ask('start', { jail });
    context.output.done(
      { jail, ...answer },
      `jail ${jail} ${answer.outcome === 'started' ? 'has started' : 'is running already'}`,
    );
    return undefined;
  },
};
