import { createHash } from 'node:crypto';
import type { Subnet } from '../base/ip.js';
import { JaildError } from '../errors/jaild-error.js';

/** Four hex digits that tell the instances of one host apart (interfaces, nft tables, cgroups). */
export function instanceMark(runDir: string): string {
  return createHash('sha256').update(runDir).digest('hex').slice(0, 4);
}

/** What all host side interfaces of an instance's jails begin with. */
export function interfacePrefix(runDir: string): string {
  return `jd${instanceMark(runDir)}n`;
}

/** Addresses of the jail with this index: the pool's second address is the first jail's, its first is the gateway. */
export function planAddresses(
  pool: Subnet,
  index: number,
  runDir: string,
): { interfaceName: string; address: string; gateway: string } {
  const size = 2 ** (32 - pool.prefix);
  const interfaceName = `${interfacePrefix(runDir)}${index}`;
  if (!Number.isInteger(index) || index < 0 || index + 2 >= size - 1 || interfaceName.length > 15) {
    throw new JaildError(
      'jail-network-failed',
      `the pool ${pool.text} has no address for jail number ${index}; enlarge [network] pool`,
    );
  }
  const network = toNumber(pool.bytes);
  return { interfaceName, address: toAddress(network + 2 + index), gateway: toAddress(network + 1) };
}

function toNumber(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
