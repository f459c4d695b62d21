import { readJailName } from '../../account-choice.js';
import { confirmInterruption } from '../../confirm-interruption.js';
import { stopJail } from '../../stop-jail.js';
import { type Verb, yesOption } from '../../verb.js';

export const jailRestart: Verb = {
  words: ['jail', 'restart'],
  summary: 'stop a jail and start it again, with its settings as they are now',
  example: 'jailctl jail restart alice --yes',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [yesOption],
  json: '{ jail, outcome: started or already-running, initPid }',
  run: async ({ context, args, options }) => {
    const jail = readJailName(args);
    await confirmInterruption(context, jail, 'Restart', options.has('yes'));
    await stopJail(context, jail);
    const { answer } = await context.door().ask('start', { jail });
    context.output.done({ jail, ...answer }, `jail ${jail} has been restarted`);
    return undefined;
  },
};
