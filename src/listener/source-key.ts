import { maskBytes, parseIpBytes } from '../base/ip.js';

/** How many bits of an address make one source. */
export interface SourcePrefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/**
 * What counts as one source: an IPv4 address, an IPv6 /64 (by default; one customer has at least that much).
 * `address` comes from the kernel, in numbers.
 */
export function toSourceKey(address: string, prefixes: SourcePrefixes): string {
  const bytes = parseIpBytes(address);
  const prefix = bytes.length === 4 ? prefixes.ipv4 : prefixes.ipv6;
  return `${Buffer.from(maskBytes(bytes, prefix)).toString('hex')}/${prefix}`;
}
