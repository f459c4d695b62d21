import { idsPerJail } from '../base/brands.js';
import type { Config } from './schema.js';

/** Socket paths end at 107 bytes (`unix(7)`); ours are `RUN/jails/NAME/control` at the longest, for short names; the native code goes by descriptor for long ones. */
const maxRunDirBytes = 80;

const highestWorkerUid = 99_999;

type Rule = readonly [broken: boolean, key: string, text: string];

/** What no single value can show: rules between values. Each problem is one line for the admin. */
export function checkTogether(config: Config): string[] {
  return [...serverRules(config), ...processRules(config), ...jailRules(config)]
    .filter(([broken]) => broken)
    .map(([, key, text]) => `${config.origins.get(key)}: [${key.replace('.', '] ')}: ${text}`);
}

function serverRules({ server }: Config): readonly Rule[] {
  return [
    [server.listen.length === 0, 'server.listen', 'needs at least one address'],
    [server.hostKeyTypes.length === 0, 'server.host_keys', 'needs at least one kind'],
    [
      Buffer.byteLength(server.runDir) > maxRunDirBytes,
      'server.run_dir',
      `must be at most ${maxRunDirBytes} bytes long, or its sockets have no name`,
    ],
  ];
}

function processRules({ listener, workers }: Config): readonly Rule[] {
  return [
    [listener.dropFrom > listener.maxStartups, 'listener.drop_from', 'is above max_startups'],
    [listener.identTimeMs > listener.graceTimeMs, 'listener.ident_time', 'is longer than grace_time'],
    [workers.firstUid === 0 || listener.uid === 0, 'workers.first_uid', 'neither workers nor the listener may be root'],
    [
      workers.firstUid + workers.uidCount - 1 > highestWorkerUid,
      'workers.uid_count',
      `ends above ${highestWorkerUid}, where jails' ids and others begin`,
    ],
    [
      listener.uid >= workers.firstUid && listener.uid < workers.firstUid + workers.uidCount,
      'listener.uid',
      "is in the workers' range",
    ],
    [
      workers.maxWorkers + workers.maxSingleWorkers + workers.spares > workers.uidCount,
      'workers.uid_count',
      'is smaller than max_workers + max_single_workers + spares',
    ],
  ];
}

function jailRules({ jails, network }: Config): readonly Rule[] {
  return [
    [
      jails.firstBase % idsPerJail !== 0 || jails.lastBase % idsPerJail !== 0,
      'jails.first_base',
      `first_base and last_base must be multiples of ${idsPerJail}`,
    ],
    [jails.firstBase < 100_000, 'jails.first_base', 'must be at least 131072: ids below 100000 are the host'],
    [jails.firstBase > jails.lastBase, 'jails.last_base', 'is below first_base'],
    [jails.network === 'host' && !jails.allowHostNetwork, 'jails.network', 'host needs allow_host_network = yes'],
    [
      network.pool.bytes.length !== 4 || network.pool.prefix > 29,
      'network.pool',
      'must be an IPv4 subnet of at least 8 addresses',
    ],
  ];
}
