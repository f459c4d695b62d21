import { InvalidValueError } from '../../../base/invalid-value.js';
import type { Verb } from '../../verb.js';

export const sessionKill: Verb = {
  words: ['session', 'kill'],
  summary: 'end a session, or a whole connection',
  example: 'jailctl session kill s-1a2b3c4d',
  args: [{ name: 'id', summary: 'as "session list" shows it' }],
  options: [
    { name: 'signal', short: 's', value: 'name', summary: 'TERM, KILL, ... instead of a hang-up' },
    { name: 'connection', summary: 'the id is a connection: all its sessions end' },
  ],
  json: '{ session } or { connection }',
  run: async ({ context, args: [id = ''], options }) => {
    const signal = options.parsed('signal', parseSignal);
    const what = options.has('connection') ? { connection: id } : { session: id };
    await context.door().ask('kill', 'session' in what && signal !== undefined ? { ...what, signal } : what);
    context.output.done(what, `${'session' in what ? 'session' : 'connection'} ${id} is told to end`);
    return undefined;
  },
};

/** A signal's name, with or without SIG. */
function parseSignal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (/^[A-Z][A-Z0-9]{1,14}$/.test(name)) return name;
  throw new InvalidValueError(`"${text.slice(0, 20)}" is not the name of a signal`);
}
