import { constants } from 'node:os';
import { namedSignals } from './signal-names.js';
import { message } from './ssh2/messages.js';
import { buildPayload } from './ssh2/wire.js';

/** How a session ended. */
export type SessionEnd =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signaled'; readonly signal: string; readonly coreDumped: boolean };

const firstRealTime = 34;

/** The channel request that tells how the program ended; a signal without a name on the wire becomes the shell's 128 + number. */
export function buildExitRequest(recipient: number, end: SessionEnd): Buffer {
  if (end.how === 'signaled' && namedSignals.includes(end.signal)) {
    return buildPayload(message.channelRequest, recipient, 'exit-signal', false, end.signal, end.coreDumped, '', '');
  }
  const code = end.how === 'exited' ? end.code : 128 + signalNumber(end.signal);
  return buildPayload(message.channelRequest, recipient, 'exit-status', false, code);
}

function signalNumber(name: string): number {
  const known = (constants.signals as Record<string, number>)[`SIG${name}`];
  if (known !== undefined) return known;
  const realTime = /^RTMIN\+?([0-9]{1,2})?$/.exec(name);
  if (realTime !== null) return firstRealTime + Number(realTime[1] ?? 0);
  return /^[0-9]{1,2}$/.test(name) ? Number(name) : 0;
}
