import { type Loaded, list, location, single } from './setting.js';
import {
  duration,
  integer,
  listenAddress,
  matching,
  optional,
  path,
  size,
  subnet,
  templateName,
  text,
  uid,
  word,
  yesNo,
} from './values.js';

const server = {
  listen: list('listen', listenAddress, ['*:22'], 'addresses and ports to accept SSH connections on'),
  instance_dir: location(
    'instanceDir',
    optional(path),
    '',
    'keep a whole instance below this directory (changes the defaults of the paths)',
  ),
  state_dir: location('stateDir', path, '{instance}state|/var/lib/jaild', 'accounts, jails, templates, host keys'),
  run_dir: location('runDir', path, '{instance}run|/run/jaild', 'sockets and what only lives until the next boot'),
  log_dir: location('logDir', path, '{instance}log|/var/log/jaild', 'the audit file'),
  template_dir: location(
    'templateDir',
    path,
    '{instance}templates|/etc/jaild/templates',
    "the admin's own template recipes",
  ),
  toolbox_dir: location(
    'toolboxDir',
    path,
    '{state}/toolbox',
    'programs of the host that a session may run in any jail',
  ),
  keeper: location('keeperPath', path, '{root}/native/build/jail-keeper', 'the jail-keeper program'),
  identification: single(
    'identification',
    matching(/^[!-,.-~]{1,64}$/, 'a software version (printable, no space, no "-")'),
    'jaild',
    'software version in the identification line, after SSH-2.0-',
  ),
  host_keys: list(
    'hostKeyTypes',
    word(['ed25519', 'ecdsa', 'rsa']),
    ['ed25519', 'ecdsa', 'rsa'],
    'kinds of host key to have and offer',
  ),
  stop_time: single(
    'stopTimeMs',
    duration('0', '1h'),
    '30s',
    'how long connections may go on after the server was told to stop',
  ),
  stop_jails: single('stopJails', yesNo, 'no', 'stop all jails when the server stops'),
};

const listener = {
  uid: single('uid', uid, '69000', 'user id of the listener'),
  gid: single('gid', uid, '69000', 'group id of the listener'),
  grace_time: single(
    'graceTimeMs',
    duration('1s', '1h'),
    '120s',
    'time from accepting a connection to the end of its login',
  ),
  ident_time: single('identTimeMs', duration('100ms', '5m'), '10s', "time for the client's identification line"),
  max_startups: single('maxStartups', integer(1, 100_000), '200', 'connections that are not logged in, in all'),
  drop_from: single(
    'dropFrom',
    integer(0, 100_000),
    '120',
    'connections not logged in from which on new ones are refused by chance',
  ),
  max_startups_per_source: single(
    'maxStartupsPerSource',
    integer(1, 100_000),
    '50',
    'connections that are not logged in, per source',
  ),
  max_connections: single('maxConnections', integer(1, 1_000_000), '4000', 'connections in all'),
  max_connections_per_source: single('maxConnectionsPerSource', integer(1, 1_000_000), '200', 'connections per source'),
  source_prefix_ipv4: single('sourcePrefixIpv4', integer(8, 32), '32', 'bits of an IPv4 address that make one source'),
  source_prefix_ipv6: single(
    'sourcePrefixIpv6',
    integer(16, 128),
    '64',
    'bits of an IPv6 address that make one source',
  ),
  backlog: single('backlog', integer(1, 65_535), '1024', 'connections that the kernel holds until they are accepted'),
};

const workers = {
  sharing: single('sharing', word(['connection', 'address', 'pool']), 'address', 'which connections share a worker'),
  never_share: list('neverShare', subnet, [], 'addresses whose connections each get a worker of their own'),
  max_workers: single('maxWorkers', integer(1, 10_000), '16', 'workers that hold several connections'),
  max_single_workers: single(
    'maxSingleWorkers',
    integer(1, 10_000),
    '200',
    'workers that hold one connection each (sharing = connection, never_share)',
  ),
  spares: single('spares', integer(0, 64), '1', 'started workers that wait for a connection'),
  first_uid: single('firstUid', uid, '70000', 'first user id of the workers'),
  uid_count: single('uidCount', integer(1, 20_000), '1000', "size of the workers' range of user ids"),
  watchdog_time: single('watchdogTimeMs', duration('1s', '10m'), '5s', 'a worker that is silent for so long is killed'),
  start_time: single('startTimeMs', duration('1s', '5m'), '20s', 'time for a new worker to become ready'),
  idle_time: single('idleTimeMs', duration('0', '1d'), '60s', 'a worker without connections ends after so long'),
};

const auth = {
  max_tries: single('maxTries', integer(1, 100), '6', 'failed tries before the connection ends'),
  password: single('password', yesNo, 'yes', 'accept passwords (of accounts that have one)'),
  lookup_program: list(
    'lookupProgram',
    text,
    [],
    'program and fixed arguments that know accounts; the name is added as last argument',
  ),
  lookup_timeout: single('lookupTimeoutMs', duration('100ms', '1m'), '5s', 'time for the look-up program'),
  auto_create: single('autoCreate', yesNo, 'no', "make the account's jail at the first login"),
  auto_template: single(
    'autoTemplate',
    optional(templateName),
    '',
    'template of such jails ([jails] template when empty)',
  ),
  password_hash: single(
    'passwordHash',
    word(['yescrypt', 'sha512', 'bcrypt']),
    'yescrypt',
    'how new passwords are hashed',
  ),
  max_hash_cost: single(
    'maxHashCostMs',
    duration('10ms', '30s'),
    '2s',
    'a stored hash that takes longer than this to check is refused',
  ),
  hash_memory: single('hashMemoryBytes', size('16M', '64G'), '256M', 'memory that password checks may use at one time'),
  min_rsa_bits: single('minRsaBits', integer(1024, 16_384), '2048', 'shorter RSA keys of users are refused'),
  banner: location('bannerFile', optional(path), '', 'file whose text is shown before login'),
};

const session = {
  accept_env: list(
    'acceptEnv',
    matching(/^[A-Za-z_*?][A-Za-z0-9_*?]{0,63}$/, 'a variable name (with * and ?)'),
    ['LANG', 'LC_*', 'TERM', 'COLORTERM', 'GIT_PROTOCOL', 'TZ'],
    'environment variables that the client may set',
  ),
  keepalive: single('keepaliveMs', duration('0', '1d'), '60s', 'ask a silent client after so long (0 = never)'),
  keepalive_count: single('keepaliveCount', integer(1, 100), '3', 'unanswered questions before the connection ends'),
  max_sessions: single('maxSessions', integer(1, 10_000), '64', 'sessions per connection'),
  max_forwards: single('maxForwards', integer(0, 10_000), '64', 'forwarded connections and listeners per connection'),
  idle_time: single(
    'idleTimeMs',
    duration('0', '365d'),
    '0',
    'end a connection on which nothing happened for so long (0 = never)',
  ),
  rekey_bytes: single('rekeyBytes', size('1M', '64G'), '1G', 'new keys after so many bytes'),
  rekey_time: single('rekeyTimeMs', duration('1m', '1d'), '1h', 'new keys after so long'),
  forwarding: single('forwarding', yesNo, 'yes', 'allow forwarding into and out of the jail'),
  enter_time: single('enterTimeMs', duration('100ms', '5m'), '20s', 'time to enter a running jail'),
  start_time: single('startTimeMs', duration('1s', '30m'), '60s', 'time to start a jail at a login'),
};

const jails = {
  first_base: single('firstBase', integer(0, 0x7fff_0000), String(0x0600_0000), 'first id that jails may use'),
  last_base: single(
    'lastBase',
    integer(0, 0x7fff_0000),
    String(0x77ff_0000),
    'first id of the last range that jails may use',
  ),
  template: single('template', templateName, 'host', 'template of a new jail'),
  profile: single('profile', word(['strict', 'standard', 'nesting']), 'standard', 'walls of a new jail'),
  network: single('network', word(['nat', 'none', 'host']), 'nat', 'network of a new jail'),
  allow_host_network: single('allowHostNetwork', yesNo, 'no', "let jails use the host's network"),
  linger: single(
    'linger',
    word(['processes', 'always', 'none']),
    'processes',
    'how long a jail stays after the last session',
  ),
  linger_time: single(
    'lingerTimeMs',
    duration('0', '365d'),
    '60s',
    'a jail that nothing holds is stopped after so long',
  ),
  autostart: single('autostart', yesNo, 'no', 'start new jails at boot'),
  stop_time: single(
    'stopTimeMs',
    duration('0', '1h'),
    '10s',
    'time between asking the processes of a jail to end and killing them',
  ),
  tmp_size: single('tmpBytes', size('64K', '1T'), '256M', 'size of /tmp'),
  run_size: single('runBytes', size('64K', '1T'), '64M', 'size of /run'),
  shm_size: single('shmBytes', size('64K', '1T'), '256M', 'size of /dev/shm'),
  pts_max: single('ptsMax', integer(1, 4096), '64', 'terminals per jail'),
  pids: single('pids', integer(16, 4_194_304), '4096', 'processes and threads per jail'),
  open_files: single('openFiles', integer(64, 1_048_576), '65536', 'open files per process'),
  memory: single('memoryBytes', optional(size('8M', '64T')), '', 'memory per jail (empty = no limit)'),
  swap: single('swapBytes', optional(size('0', '64T')), '', 'swap per jail (empty = no limit)'),
  cpu: single('cpuPercent', optional(integer(1, 100_000)), '', 'percent of one processor per jail (empty = no limit)'),
  disk: single('diskBytes', optional(size('1M', '1024T')), '', "disk space of a jail's own files (empty = no limit)"),
};

const network = {
  pool: single('pool', subnet, '10.214.0.0/16', "addresses of jails with network = nat; the first is the host's"),
  dns: list(
    'dns',
    matching(/^(?:auto|[0-9A-Fa-f.:]+)$/, 'auto or an address'),
    ['auto'],
    "name servers of jails (auto = the host's)",
  ),
  uplink: single(
    'uplink',
    matching(/^(?:auto|[A-Za-z0-9._@-]{1,15})$/, 'auto or an interface'),
    'auto',
    'interface towards the outside',
  ),
};

const cgroup = {
  root: single(
    'root',
    matching(/^(?:auto|none|\/[^\0]*)$/, 'auto, none or an absolute path'),
    'auto',
    'cgroup v2 group to make the groups of jails in',
  ),
};

const log = {
  level: single('level', word(['debug', 'info', 'warn', 'error']), 'info', 'least level that is written'),
  audit: location('auditFile', path, '{log}/audit.log', 'file of the audit trail'),
  audit_sync: single('auditSync', word(['each', 'second', 'never']), 'second', 'when audit lines are forced to disk'),
};

const roles = {
  admin: list(
    'admin',
    matching(/^(?:user|group):[A-Za-z0-9_.-]{1,32}$/, 'user:NAME or group:NAME'),
    ['user:root'],
    'who may do everything with jailctl',
  ),
  read_only: list(
    'readOnly',
    matching(/^(?:user|group):[A-Za-z0-9_.-]{1,32}$/, 'user:NAME or group:NAME'),
    [],
    'who may look at everything with jailctl',
  ),
};

/** Every section and key of jaild.ini. This table is the schema, the defaults and the reference at once. */
export const schema = { server, listener, workers, auth, session, jails, network, cgroup, log, roles };

/** The loaded configuration: times in milliseconds, sizes in bytes, paths absolute. */
export type Config = { readonly [Name in keyof typeof schema]: Loaded<(typeof schema)[Name]> } & {
  /** The main file, and all that were read, in order. */
  readonly file: string;
  readonly files: readonly string[];
  /** Where each value comes from: `section.key` to `FILE:LINE` or `default`. */
  readonly origins: ReadonlyMap<string, string>;
};
