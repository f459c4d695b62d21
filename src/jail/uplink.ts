import { readFileSync, writeFileSync } from 'node:fs';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';

const forwardingFile = (name: string): string => `/proc/sys/net/ipv4/conf/${name}/forwarding`;

/** The interface of the best default route in a text like /proc/net/route. */
export function parseDefaultRoute(text: string): string | undefined {
  const routes = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name = '', destination = '', , flags = '', , , metric = '', mask = ''] = line
        .split('\t')
        .map((part) => part.trim());
      const isUp = (Number.parseInt(flags, 16) & 1) === 1;
      return destination === '00000000' && mask === '00000000' && isUp ? [{ name, metric: Number(metric) }] : [];
    });
  return routes.sort((left, right) => left.metric - right.metric)[0]?.name;
}

/** The configured interface, or with `auto` the one of the default route; undefined when the host has none. */
export function findUplink(configured: string): string | undefined {
  return configured === 'auto' ? parseDefaultRoute(readFileSync('/proc/net/route', 'utf8')) : configured;
}

/** Whether the kernel forwards what arrives on this interface (ip_forward itself is never touched). */
export function readForwarding(name: string): '0' | '1' {
  try {
    return readFileSync(forwardingFile(name), 'utf8').trim() === '1' ? '1' : '0';
  } catch (cause) {
    if (isAbsent(cause)) throw new JaildError('jail-network-failed', `there is no interface ${name}`, { cause });
    throw cause;
  }
}

export function writeForwarding(name: string, value: '0' | '1'): void {
  try {
    writeFileSync(forwardingFile(name), value);
  } catch (cause) {
    throw new JaildError('jail-network-failed', `forwarding of ${name} cannot be switched`, { cause });
  }
}
