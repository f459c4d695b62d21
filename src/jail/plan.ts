import { join } from 'node:path';
import { type AbsolutePath, idsPerJail } from '../base/brands.js';
import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Jail } from '../store/jails.js';
import { stateLayout } from '../store/layout.js';
import { type CgroupPlace, planCgroup } from './cgroup-limits.js';
import { planAddresses } from './network-addresses.js';
import type { JailSpec, SpecNetwork } from './spec.js';

/** What a spec is made from, besides the record. */
export interface PlanInput {
  readonly config: Pick<Config, 'server' | 'jails' | 'network'>;
  /** Layer directories of the jail's template version, topmost first. */
  readonly layers: readonly AbsolutePath[];
  /** Where the groups of jails are made, and which controllers work there; null without a cgroup v2 hierarchy. */
  readonly cgroup: CgroupPlace | null;
  /** Name servers for the jail's resolv.conf. */
  readonly resolvers: readonly string[];
}

const shortestLingerMs = 5_000;

/** Where the keeper of a jail has its socket, state and lock. */
export function jailRunDir(runDir: string, jail: string): string {
  return join(runDir, 'jails', jail);
}

/**
 * Record, template and limits to the spec. Pure. Faults: `jail-limit-impossible` when a limit is set that this host cannot hold,
 * `config-invalid` when the record wants what the configuration forbids.
 */
export function planJail(jail: Jail, input: PlanInput): JailSpec {
  const { jails, server } = input.config;
  const network = planNetwork(jail, input.config);
  const pidsMax = jail.limits.pids ?? jails.pids;
  return {
    jail: jail.name,
    runDir: jailRunDir(server.runDir, jail.name),
    dir: stateLayout(server).jailDir(jail.name),
    base: jail.base,
    layers: input.layers,
    hostname: jail.hostname,
    profile: jail.profile,
    volumes: jail.volumes,
    tmpBytes: jails.tmpBytes,
    runBytes: jails.runBytes,
    shmBytes: jails.shmBytes,
    ptsMax: jails.ptsMax,
    devices: jail.devices,
    network,
    etcFiles: planEtcFiles(jail, network, input.resolvers),
    cgroup: planCgroup(jail, input.config.jails, input.cgroup),
    pidsMax,
    rlimits: planLimits(pidsMax, jail.limits.openFiles ?? jails.openFiles),
    lingerMs: planLinger(jail, jails.lingerTimeMs),
  };
}

function planNetwork(jail: Jail, config: PlanInput['config']): SpecNetwork {
  if (jail.network === 'host' && !config.jails.allowHostNetwork) {
    throw new JaildError(
      'config-invalid',
      `jail ${jail.name} wants the host's network; [jails] allow_host_network is no`,
    );
  }
  if (jail.network !== 'nat') return { mode: jail.network };
  const index = (jail.base - config.jails.firstBase) / idsPerJail;
  return { mode: 'nat', ...planAddresses(config.network.pool, index, config.server.runDir) };
}

function planEtcFiles(jail: Jail, network: SpecNetwork, resolvers: readonly string[]): JailSpec['etcFiles'] {
  const mark = '# jaild';
  const address = network.mode === 'nat' ? network.address : '127.0.1.1';
  const short = jail.hostname.split('.')[0] ?? jail.hostname;
  const names = short === jail.hostname ? short : `${jail.hostname} ${short}`;
  const hosts = `${mark}: remove this line to keep your own file\n127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${address} ${names}\n`;
  const files = [
    { path: '/etc/hostname', content: `${jail.hostname}\n` },
    { path: '/etc/hosts', content: hosts },
  ];
  if (network.mode === 'none') return files;
  const servers = resolvers.map((resolver) => `nameserver ${resolver}\n`).join('');
  return [
    ...files,
    { path: '/etc/resolv.conf', content: `${mark}: remove this line to keep your own file\n${servers}` },
  ];
}

/** Totals of the jail's ids where the kernel counts so (nproc, sigpending, msgqueue, memlock); per process the rest. */
function planLimits(pidsMax: number, openFiles: number): JailSpec['rlimits'] {
  const same = (name: string, value: number): readonly [string, string, string] => [name, String(value), String(value)];
  return [
    same('nproc', pidsMax),
    ['nofile', String(Math.min(1024, openFiles)), String(openFiles)],
    same('sigpending', Math.max(4096, pidsMax)),
    same('msgqueue', 1024 * 1024),
    same('memlock', 64 * 1024 * 1024),
    ['core', '0', '1'],
  ];
}

/** A jail must outlast the moment between its start and the first session; `none` beyond that is the runtime's, at the last session's end. */
function planLinger(jail: Jail, lingerTimeMs: number): number {
  if (jail.linger === 'always') return 0;
  return jail.linger === 'none' ? shortestLingerMs : Math.max(shortestLingerMs, lingerTimeMs);
}
