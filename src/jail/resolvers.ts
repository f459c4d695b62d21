import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isAbsent } from '../errors/errno.js';

const resolvConf = '/etc/resolv.conf';
const systemdResolvConf = '/run/systemd/resolve/resolv.conf';
const maxResolvers = 3;

/** Name servers for jails, and in words why there are none when there are none. */
export interface Resolvers {
  readonly servers: readonly string[];
  readonly problem?: string;
}

/** Addresses on the nameserver lines of resolv.conf(5). */
export function parseResolvConf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const address = /^nameserver\s+(\S+)/.exec(line)?.[1] ?? '';
    return isIP(address.replace(/%.*$/, '')) === 0 ? [] : [address];
  });
}

/** A jail has IPv4 only, and the host's loopback is not its own. */
function isUsable(address: string): boolean {
  return isIP(address) === 4 && !address.startsWith('127.') && !address.startsWith('0.');
}

/**
 * `[network] dns`: the listed servers; `auto` means the host's. A resolver on the host's loopback cannot be reached from a jail: the
 * servers behind systemd-resolved are taken instead, and without them the jails have no DNS, which is reported.
 */
export function findResolvers(dns: readonly string[], read: (file: string) => string = readIfThere): Resolvers {
  const listed = dns.filter((entry) => entry !== 'auto');
  if (listed.length > 0) return { servers: listed.slice(0, maxResolvers) };
  const hostServers = parseResolvConf(read(resolvConf));
  const usable = hostServers.filter(isUsable);
  if (usable.length > 0) return { servers: usable.slice(0, maxResolvers) };
  const behind = parseResolvConf(read(systemdResolvConf)).filter(isUsable);
  if (behind.length > 0) return { servers: behind.slice(0, maxResolvers) };
  const why =
    hostServers.length === 0
      ? `${resolvConf} names no server`
      : `the host's resolver (${hostServers.join(', ')}) cannot be reached from a jail`;
  return { servers: [], problem: `${why}; list servers in [network] dns` };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return '';
    throw error;
  }
}
