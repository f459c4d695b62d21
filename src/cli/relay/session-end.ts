import { constants } from 'node:os';

/** How a relayed session ended; `lost`: the jail ended, or its keeper did. `signal` is a name without SIG. */
export type SessionEnd =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signaled'; readonly signal: string }
  | { readonly how: 'lost' };

const signalBase = 128;
const firstRealTime = 34;

/** The exit status that stands for it, as a shell would have it; a program whose jail is gone was killed. */
export function toEndStatus(end: SessionEnd): number {
  if (end.how === 'exited') return end.code;
  return signalBase + (end.how === 'lost' ? constants.signals.SIGKILL : toSignalNumber(end.signal));
}

/** The keeper writes signals by their names, real-time ones as `RTMIN+N`, others as numbers. */
function toSignalNumber(name: string): number {
  const known = (constants.signals as Record<string, number>)[`SIG${name}`];
  if (known !== undefined) return known;
  const realTime = /^RTMIN\+?([0-9]{1,2})?$/.exec(name);
  if (realTime !== null) return firstRealTime + Number(realTime[1] ?? 0);
  return /^[0-9]{1,2}$/.test(name) ? Number(name) : 0;
}
