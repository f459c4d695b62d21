import { instanceMark, interfacePrefix } from './network-addresses.js';

export interface RulesInput {
  readonly runDir: string;
  /** The jails' addresses, e.g. 10.214.0.0/16. */
  readonly pool: string;
  /** Name servers that jails use. Those that are addresses of this host, or link-local, are let through for DNS alone. */
  readonly resolvers: readonly string[];
}

/** Every jaild of a host names its interfaces so; a jail of one instance may not reach a jail of another. */
const anyJailInterface = 'jd*';

/** Not for jails, whatever the routing says: this network, loopback, link-local with the metadata services, multicast, reserved. */
const refusedNetworks = '0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4, 240.0.0.0/4';

/**
 * Connections that one jail has open through this host. The kernel's table of them is the whole host's: a jail that fills it (every UDP packet
 * from a new port is an entry for 30 s) would cut off everybody, the administrator included. Closed ones do not count.
 */
const maxConnectionsPerJail = 4096;
const countConnection = `ct state new add @counted { ip saddr ct count over ${maxConnectionsPerJail} } reject with icmp type admin-prohibited`;

/** Name of the one table of an instance. */
export function tableName(runDir: string): string {
  return `jaild_${instanceMark(runDir)}`;
}

/** Text for `nft -f -` that removes the table, whether it is there or not. */
export function buildRemoval(runDir: string): string {
  return `table inet ${tableName(runDir)}\ndelete table inet ${tableName(runDir)}\n`;
}

/**
 * Text for `nft -f -` that puts the table in place in one transaction, over an older one. Jails reach the outside by masquerade, and
 * nothing else: no other jail, no address of this host but DNS where the resolver is one, no link-local address, no IPv6; and so many
 * connections at once.
 * Connections that the host opens to a jail are answered. A drop here is final; an accept is not: the host's own rules still apply.
 */
export function buildRules(input: RulesInput): string {
  const ours = `"${interfacePrefix(input.runDir)}*"`;
  const dns = [...new Set(input.resolvers)].filter((resolver) => !resolver.includes(':'));
  const dnsRules =
    dns.length === 0
      ? []
      : [`ip daddr { ${dns.join(', ')} } udp dport 53 accept`, `ip daddr { ${dns.join(', ')} } tcp dport 53 accept`];
  const chains: readonly (readonly [name: string, head: string, rules: readonly string[]])[] = [
    [
      'prerouting',
      'type filter hook prerouting priority -310; policy accept;',
      [`iifname ${ours} meta nfproto ipv6 drop`, `iifname ${ours} ip saddr != ${input.pool} drop`],
    ],
    [
      'forward',
      'type filter hook forward priority -5; policy accept;',
      [`iifname ${ours} jump from_jail`, `oifname ${ours} jump to_jail`],
    ],
    [
      'from_jail',
      '',
      [
        `oifname "${anyJailInterface}" reject with icmp type admin-prohibited`,
        `ip daddr ${input.pool} reject with icmp type admin-prohibited`,
        countConnection,
        ...dnsRules,
        `ip daddr { ${refusedNetworks} } reject with icmp type admin-prohibited`,
      ],
    ],
    ['to_jail', '', ['ct state established,related accept', 'drop']],
    ['input', 'type filter hook input priority -5; policy accept;', [`iifname ${ours} jump to_host`]],
    [
      'to_host',
      '',
      [
        'ct state established,related accept',
        countConnection,
        ...dnsRules,
        'meta l4proto tcp reject with tcp reset',
        'reject with icmp type admin-prohibited',
      ],
    ],
    ['output', 'type filter hook output priority -5; policy accept;', [`oifname ${ours} meta nfproto ipv6 drop`]],
    [
      'postrouting',
      'type nat hook postrouting priority srcnat; policy accept;',
      [`ip saddr ${input.pool} oifname != "${anyJailInterface}" masquerade`],
    ],
  ];
  const body = chains.map(
    ([name, head, rules]) =>
      `  chain ${name} {\n${[head, ...rules]
        .filter((line) => line !== '')
        .map((line) => `    ${line}\n`)
        .join('')}  }\n`,
  );
  const counted = '  set counted {\n    type ipv4_addr\n    size 65535\n    flags dynamic\n  }\n';
  return `${buildRemoval(input.runDir)}table inet ${tableName(input.runDir)} {\n${counted}${body.join('')}}\n`;
}
