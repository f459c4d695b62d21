import type { JailName } from '../../../base/brands.js';
import { formatByteSize } from '../../../base/byte-size.js';
import { isJaildError, JaildError } from '../../../errors/jaild-error.js';
import type { Jail } from '../../../store/jails.js';
import { formatVolume } from '../../../store/volume.js';
import { readJailName } from '../../account-choice.js';
import type { CliContext } from '../../context.js';
import { type JailRow, toOfflineRow } from '../../jail-rows.js';
import type { Verb } from '../../verb.js';

interface Live {
  readonly row: JailRow;
  readonly processes: number | null;
  readonly restarts: number | null;
}

export const jailShow: Verb = {
  words: ['jail', 'show'],
  summary: 'show a jail: state, settings, limits',
  example: 'jailctl jail show alice',
  args: [{ name: 'name', summary: 'the jail', completes: 'jails' }],
  json: '{ name, account, template, state, address, sessions, startedMs, initPid, ended, processes, restarts; for root also settings: { owner, created, hostname, base, profile, network, linger, autostart, devices, volumes, limits } }',
  run: async ({ context, args }) => {
    const name = readJailName(args);
    const record = context.isRoot ? await context.jails.require(name) : undefined;
    const { row, processes, restarts } = await loadLive(context, name, record);
    const data = { ...row, processes, restarts, ...(record !== undefined && { settings: toSettings(record) }) };
    context.output.show(data, [
      ...toLiveLines({ row, processes, restarts }),
      ...(record === undefined ? [] : toSettingLines(record)),
    ]);
    return undefined;
  },
};

/** From the broker; for root without one, from the record and what the keeper wrote down. */
async function loadLive(context: CliContext, name: JailName, record: Jail | undefined): Promise<Live> {
  try {
    const { answer } = await context.door().ask('show', { noun: 'jail', name });
    if (answer.noun === 'jail') return answer;
  } catch (error) {
    if (!isJaildError(error, 'door-closed') || record === undefined) throw error;
    context.output.say('no server runs; this is what is on disk');
    return { row: toOfflineRow(context.config, record), processes: null, restarts: null };
  }
  throw new JaildError('door-malformed', 'the broker answered something else');
}

function toSettings({
  owner,
  created,
  hostname,
  base,
  profile,
  network,
  linger,
  autostart,
  devices,
  volumes,
  limits,
}: Jail) {
  return { owner, created, hostname, base, profile, network, linger, autostart, devices, volumes, limits };
}

type Lines = [name: string, value: string | undefined][];

function toLiveLines({ row, processes, restarts }: Live): Lines {
  return [
    ['name', row.name],
    ['account', row.account],
    ['state', row.state],
    ['started', row.startedMs === null ? undefined : new Date(row.startedMs).toISOString()],
    ['ended', row.ended],
    ['address', row.address],
    ['sessions', row.sessions?.toString()],
    ['processes', processes?.toString()],
    ['restarts', restarts?.toString()],
    ['init pid', row.initPid?.toString()],
    ['template', row.template],
  ];
}

function toSettingLines(jail: Jail): Lines {
  const { limits } = jail;
  const size = (bytes: number | undefined) => (bytes === undefined ? undefined : formatByteSize(bytes));
  return [
    ['owner', jail.owner],
    ['created', jail.created],
    ['hostname', jail.hostname],
    ['first id', String(jail.base)],
    ['profile', jail.profile],
    ['network', jail.network],
    ['linger', jail.linger],
    ['autostart', jail.autostart ? 'yes' : 'no'],
    ['devices', jail.devices.join(' ')],
    ['volumes', jail.volumes.map(formatVolume).join(' ')],
    ['memory', size(limits.memoryBytes)],
    ['swap', size(limits.swapBytes)],
    ['cpu', limits.cpuPercent === undefined ? undefined : `${limits.cpuPercent}%`],
    ['pids', limits.pids?.toString()],
    ['open files', limits.openFiles?.toString()],
    ['disk', size(limits.diskBytes)],
    ['inodes', limits.diskInodes?.toString()],
  ];
}
