import { namedSignals } from './signal-names.js';

/** True for a signal name (without SIG) that a client may send to its session's own group: OpenSSH's list, which is the one on the wire. */
export function isAllowedSignal(name: string): boolean {
  return namedSignals.includes(name);
}
