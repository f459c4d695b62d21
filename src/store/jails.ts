import { z } from 'zod';
import {
  type AccountName,
  accountOfJail,
  type BaseId,
  type HostName,
  isJailName,
  type JailName,
  type TemplateName,
} from '../base/brands.js';
import { formatByteSize } from '../base/byte-size.js';
import type { Config } from '../config/schema.js';
import { integer, matching, size, templateName, word, yesNo } from '../config/values.js';
import { accountName, baseId, hostName, jailName, listOf, moment, owner } from './fields.js';
import { stateLayout } from './layout.js';
import type { RecordKind } from './record-codec.js';
import { type RecordPlace, RecordStore } from './record-store.js';
import { formatVolume, type JailVolume, volume } from './volume.js';

export type { JailVolume } from './volume.js';

/** What a jail may use; an absent limit is no limit. All hold for the jail as a whole. */
export interface JailLimits {
  readonly memoryBytes?: number;
  readonly swapBytes?: number;
  /** Percent of one processor. */
  readonly cpuPercent?: number;
  readonly pids?: number;
  readonly openFiles?: number;
  readonly diskBytes?: number;
  readonly diskInodes?: number;
}

/** One confined environment, as the admin wants it (not whether it runs: that is in RUN/jails/NAME/state). */
export interface Jail {
  readonly name: JailName;
  readonly account: AccountName;
  /** Who besides the admins may manage it: `user:NAME` or `group:NAME`. */
  readonly owner: string;
  readonly created: string;
  readonly template: TemplateName;
  /** The build that the jail stands on; fixed when it is made and by `reset`. */
  readonly templateVersion: string;
  readonly hostname: HostName;
  /** First of its 65536 host ids. */
  readonly base: BaseId;
  readonly profile: 'strict' | 'standard' | 'nesting';
  readonly network: 'nat' | 'none' | 'host';
  readonly linger: 'processes' | 'always' | 'none';
  readonly autostart: boolean;
  readonly devices: readonly ('fuse' | 'net/tun')[];
  readonly limits: JailLimits;
  readonly volumes: readonly JailVolume[];
}

const jailSection = z.strictObject({
  name: jailName,
  account: accountName,
  owner,
  created: moment,
  template: templateName,
  template_version: matching(/^[a-z0-9][a-z0-9._-]{0,80}$/, 'a template version'),
  hostname: hostName,
  base: baseId,
  profile: word(['strict', 'standard', 'nesting']),
  network: word(['nat', 'none', 'host']),
  linger: word(['processes', 'always', 'none']),
  autostart: yesNo,
  device: listOf(word(['fuse', 'net/tun']), 8).optional(),
  volume: listOf(volume, 64).optional(),
});

const limitsSection = z.strictObject({
  memory: size('8M', '64T').optional(),
  swap: size('0', '64T').optional(),
  cpu: integer(1, 100_000).optional(),
  pids: integer(16, 4_194_304).optional(),
  open_files: integer(64, 1_048_576).optional(),
  disk: size('1M', '1024T').optional(),
  inodes: integer(64, 100_000_000_000).optional(),
});

export const jailKind: RecordKind<Jail> = {
  kind: 'jail',
  version: 1,
  shape: z
    .strictObject({ jail: jailSection, limits: limitsSection.optional() })
    .refine(({ jail }) => accountOfJail(jail.name) === jail.account, {
      path: ['jail', 'account'],
      message: "is not the account in the jail's name",
    })
    .transform(({ jail, limits = {} }): Jail => {
      const { template_version: templateVersion, device = [], volume: volumes = [], ...same } = jail;
      return { ...same, templateVersion, devices: device, volumes, limits: toLimits(limits) };
    }),
  format: (jail) => [
    [
      'jail',
      {
        name: jail.name,
        account: jail.account,
        owner: jail.owner,
        created: jail.created,
        template: jail.template,
        template_version: jail.templateVersion,
        hostname: jail.hostname,
        base: String(jail.base),
        profile: jail.profile,
        network: jail.network,
        linger: jail.linger,
        autostart: jail.autostart ? 'yes' : 'no',
        device: jail.devices,
        volume: jail.volumes.map(formatVolume),
      },
    ],
    [
      'limits',
      {
        memory: sizeText(jail.limits.memoryBytes),
        swap: sizeText(jail.limits.swapBytes),
        cpu: jail.limits.cpuPercent?.toString(),
        pids: jail.limits.pids?.toString(),
        open_files: jail.limits.openFiles?.toString(),
        disk: sizeText(jail.limits.diskBytes),
        inodes: jail.limits.diskInodes?.toString(),
      },
    ],
  ],
};

function toLimits(written: z.output<typeof limitsSection>): JailLimits {
  return {
    ...(written.memory !== undefined && { memoryBytes: written.memory }),
    ...(written.swap !== undefined && { swapBytes: written.swap }),
    ...(written.cpu !== undefined && { cpuPercent: written.cpu }),
    ...(written.pids !== undefined && { pids: written.pids }),
    ...(written.open_files !== undefined && { openFiles: written.open_files }),
    ...(written.disk !== undefined && { diskBytes: written.disk }),
    ...(written.inodes !== undefined && { diskInodes: written.inodes }),
  };
}

function sizeText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : formatByteSize(bytes);
}

export type JailStore = RecordStore<JailName, Jail>;

/** The jail records of an instance: `STATE/jails/NAME/jail.ini`. */
export function openJails(
  server: Pick<Config['server'], 'stateDir'>,
  onQuarantine?: RecordPlace<JailName, Jail>['onQuarantine'],
): JailStore {
  const layout = stateLayout(server);
  return new RecordStore<JailName, Jail>({
    kind: jailKind,
    folder: layout.jailsDir,
    fileOf: layout.jailFile,
    nameOf: (jail) => jail.name,
    entryName: (entry) => (isJailName(entry) ? entry : undefined),
    onQuarantine,
  });
}
