import { addon } from '../base/addon.js';
import { monotonicMs, pause } from '../base/deadline.js';
import { formatListenAddress, type ListenAddress } from '../base/ip.js';
import { isErrno, isForbidden } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';

/** A listening socket; `port` is the real one also when 0 was asked for. */
export interface BoundSocket {
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

const takenWaitMs = 1500;
const retryMs = 100;

/** As `bindAll`; a taken port is tried again for a moment, because the listener of a server that was killed lets go of it by itself. */
export async function bindPatiently(addresses: readonly ListenAddress[], backlog: number): Promise<BoundSocket[]> {
  const endMs = monotonicMs() + takenWaitMs;
  for (;;) {
    try {
      return bindAll(addresses, backlog);
    } catch (error) {
      if (!isJaildError(error, 'listen-taken') || monotonicMs() > endMs) throw error;
      await pause(retryMs);
    }
  }
}

/** Listens at all addresses, or at none. Faults: `listen-taken`, `listen-forbidden`, `listen-failed`. */
export function bindAll(addresses: readonly ListenAddress[], backlog: number): BoundSocket[] {
  const bound: BoundSocket[] = [];
  try {
    for (const address of addresses) bound.push(bindOne(address, backlog));
    return bound;
  } catch (error) {
    for (const { fd } of bound) addon.close(fd);
    throw error;
  }
}

function bindOne(address: ListenAddress, backlog: number): BoundSocket {
  try {
    return { ...addon.listenTcp(address.host, address.port, backlog), host: address.host };
  } catch (error) {
    // A host without IPv6 can still serve "every address".
    if (address.host === '::' && isErrno(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL'))
      return bindOne({ host: '0.0.0.0', port: address.port }, backlog);
    throw listenFault(address, error);
  }
}

function listenFault(address: ListenAddress, error: unknown): JaildError {
  const shown = formatListenAddress(address);
  const options = { fields: { address: shown }, cause: error };
  if (isErrno(error, 'EADDRINUSE'))
    return new JaildError('listen-taken', `${shown} is taken by another program; see [server] listen`, options);
  if (isForbidden(error)) return new JaildError('listen-forbidden', `no permission to listen on ${shown}`, options);
  if (isErrno(error, 'EADDRNOTAVAIL'))
    return new JaildError('listen-failed', `${shown}: this host does not have that address`, options);
  return new JaildError('listen-failed', `cannot listen on ${shown}`, options);
}
