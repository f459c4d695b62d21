import { isIP, isIPv4 } from 'node:net';
import { InvalidValueError } from './invalid-value.js';
import { escapeUntrusted } from './untrusted.js';

/** An address and a port to listen on. Port 0 asks the kernel for a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A block of addresses: `bytes` (4 or 16) with the bits after `prefix` zero. */
export interface Subnet {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly prefix: number;
}

/** `22`, `127.0.0.1:2222`, `[::1]:22`, `*:22`; a bare port is every IPv4 and IPv6 address. */
export function parseListenAddress(text: string): ListenAddress {
  const trimmed = text.trim();
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+|\*)):)?([0-9]{1,5})$/.exec(trimmed);
  const written = match?.[1] ?? match?.[2] ?? '*';
  const host = written === '*' ? '::' : written;
  const port = Number(match?.[3]);
  if (match !== null && isIP(host) !== 0 && port <= 65_535) return { host, port };
  throw new InvalidValueError(
    `"${escapeUntrusted(trimmed, 60)}" is not an address to listen on; write 127.0.0.1:22, [::1]:22, *:22 or a port`,
  );
}

export function formatListenAddress(address: ListenAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** 4 or 16 bytes of a written address; an IPv4 address mapped into IPv6 gives 4. */
export function parseIpBytes(text: string): Uint8Array {
  const address = text.replace(/^::ffff:(?=[0-9.]+$)/i, '');
  if (isIPv4(address)) return Uint8Array.from(address.split('.').map(Number));
  if (isIP(address) !== 6) throw new InvalidValueError(`"${escapeUntrusted(text, 60)}" is not an IP address`);
  const plain = address
    .replace(/%.*$/, '')
    .replace(/([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$/, (_all, ...parts: string[]) => {
      const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    });
  const [head = '', tail] = plain.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [
    ...first,
    ...Array.from({ length: tail === undefined ? 0 : 8 - first.length - last.length }, () => '0'),
    ...last,
  ];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

/** `10.214.0.0/16`, `fd00::/48`, or one address. Bits after the prefix must be zero. */
export function parseSubnet(text: string): Subnet {
  const [address = '', prefixText, ...more] = text.trim().split('/');
  const bytes = parseIpBytes(address);
  const prefix =
    prefixText === undefined ? bytes.length * 8 : /^[0-9]{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (more.length > 0 || !(prefix <= bytes.length * 8))
    throw new InvalidValueError(`"${escapeUntrusted(text, 60)}" is not a subnet; write 10.0.0.0/8`);
  const masked = maskBytes(bytes, prefix);
  if (!masked.every((byte, index) => byte === bytes[index]))
    throw new InvalidValueError(`${text.trim()} has bits set after its prefix of ${prefix}`);
  return { text: text.trim(), bytes, prefix };
}

export function isInSubnet(address: Uint8Array, subnet: Subnet): boolean {
  return (
    address.length === subnet.bytes.length &&
    maskBytes(address, subnet.prefix).every((byte, index) => byte === subnet.bytes[index])
  );
}

/** The address with all bits after `prefix` cleared. */
export function maskBytes(bytes: Uint8Array, prefix: number): Uint8Array {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefix - index * 8));
    return byte & (0xff << (8 - kept));
  });
}
