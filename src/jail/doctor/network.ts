import { existsSync } from 'node:fs';
import type { Config } from '../../config/schema.js';
import { isJaildError } from '../../errors/jaild-error.js';
import { listInstanceTables } from '../nft.js';
import { findResolvers } from '../resolvers.js';
import { findUplink } from '../uplink.js';
import { type DoctorFinding, degraded, missing, ok } from './finding.js';

/** What jails with `network = nat` need. A host without it can still run jails with `network = none`. */
export async function examineNetwork({ jails, network }: Pick<Config, 'jails' | 'network'>): Promise<DoctorFinding[]> {
  const isNeeded = jails.network === 'nat';
  const lacking = isNeeded ? missing : degraded;
  const findings = [await examineNft(lacking), examineUplink(network.uplink), examineDns(network.dns)];
  if (jails.allowHostNetwork || jails.network === 'host') {
    findings.push(
      degraded(
        'network = host',
        "jails may use the host's own network: its addresses, its loopback, its services",
        'set [jails] allow_host_network = no, unless that is wanted',
      ),
    );
  }
  return findings;
}

async function examineNft(lacking: typeof missing): Promise<DoctorFinding> {
  try {
    await listInstanceTables();
    return ok('packet filter', 'nft works');
  } catch (error) {
    if (!isJaildError(error)) throw error;
    return lacking(
      'packet filter',
      error.message,
      existsSync('/usr/sbin/nft') ? 'modprobe nf_tables' : 'apt-get install nftables',
    );
  }
}

function examineUplink(configured: string): DoctorFinding {
  const uplink = findUplink(configured);
  if (uplink === undefined)
    return degraded(
      'uplink',
      'the host has no default route: jails reach nothing outside',
      'give the host a default route, or set [network] uplink',
    );
  if (existsSync(`/proc/sys/net/ipv4/conf/${uplink}`)) return ok('uplink', uplink);
  return degraded('uplink', `there is no interface ${uplink}`, 'set [network] uplink = auto');
}

function examineDns(dns: readonly string[]): DoctorFinding {
  const { servers, problem } = findResolvers(dns);
  if (problem === undefined) return ok('name servers', servers.join(' '));
  return degraded('name servers', problem, 'set [network] dns[] to a server that jails can reach');
}
