import { parseDurationMs } from '../../../base/duration.js';
import { readJailName } from '../../account-choice.js';
import { confirmInterruption } from '../../confirm-interruption.js';
import { stopJail } from '../../stop-jail.js';
import { type Verb, yesOption } from '../../verb.js';

export const jailStop: Verb = {
  words: ['jail', 'stop'],
  summary: 'end all that runs in a jail; its files stay',
  example: 'jailctl jail stop alice --timeout 30s',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  options: [
    yesOption,
    {
      name: 'timeout',
      value: 'time',
      summary: 'how long programs may take to end, as in 30s (default: [jails] stop_time)',
    },
    { name: 'now', summary: 'kill everything at once' },
  ],
  json: '{ jail, outcome: stopped, not-running or killed }',
  run: async ({ context, args, options }) => {
    const jail = readJailName(args);
    const timeoutMs = options.parsed('timeout', parseDurationMs);
    await confirmInterruption(context, jail, 'Stop', options.has('yes'));
    if (options.has('now')) {
      await context.door().ask('kill', { jail });
      context.output.done({ jail, outcome: 'killed' }, `jail ${jail} is killed`);
      return undefined;
    }
    const outcome = await stopJail(context, jail, timeoutMs);
    context.output.done({ jail, outcome }, `jail ${jail} ${outcome === 'stopped' ? 'has stopped' : 'was not running'}`);
    return undefined;
  },
};
