import { parseHostName, parseTemplateName, type TemplateName } from '../base/brands.js';
import { parseByteSize } from '../base/byte-size.js';
import { InvalidValueError } from '../base/invalid-value.js';
import type { NewJail } from '../jail/lifecycle.js';
import type { Jail, JailLimits } from '../store/jails.js';
import { parseVolume } from '../store/volume.js';
import { type GivenOptions, parseOption } from './given-options.js';
import type { VerbOption } from './verb.js';

/** Limits: shared by all verbs that make or change a jail. `none` takes a limit away. */
export const limitOptions: readonly VerbOption[] = [
  { name: 'memory', value: 'size', summary: 'memory of the whole jail, as in 512M' },
  { name: 'swap', value: 'size', summary: 'swap of the whole jail' },
  { name: 'cpu', value: 'percent', summary: 'percent of one processor, as in 150' },
  { name: 'pids', value: 'number', summary: 'processes and threads of the whole jail' },
  { name: 'open-files', value: 'number', summary: 'open files per process' },
  { name: 'disk', value: 'size', summary: "space of the jail's own files, as in 2G" },
  { name: 'inodes', value: 'number', summary: "number of the jail's own files" },
  { name: 'force', summary: 'set limits that this host cannot hold; the jail will not start here' },
];

/** Settings that can be changed later. */
export const settingOptions: readonly VerbOption[] = [
  { name: 'profile', value: 'profile', summary: 'strict, standard or nesting' },
  { name: 'network', value: 'mode', summary: 'nat, none or host' },
  { name: 'linger', value: 'when', summary: 'processes, always or none: how long it stays after the last session' },
  { name: 'autostart', value: 'yes|no', summary: 'start it with the server' },
  { name: 'hostname', value: 'name', summary: 'its host name inside' },
  { name: 'device', value: 'device', summary: 'fuse or net/tun', repeats: true },
  { name: 'volume', value: 'ro|rw:host:jail', summary: 'a directory of the host that shows inside', repeats: true },
  { name: 'owner', value: 'user:NAME|group:NAME', summary: 'who besides the admins may manage it' },
];

/** Only when a jail is made. */
export const templateOptions: readonly VerbOption[] = [
  { name: 'template', short: 't', value: 'name[@version]', summary: 'what it is made from' },
];

/** A template as an option names it: `debian`, `debian@TAG` or `debian@VERSION`. */
export function readTemplate(options: GivenOptions): { template?: TemplateName; templateVersion?: string } {
  const text = options.text('template');
  if (text === undefined) return {};
  const [name = '', version, ...more] = text.split('@');
  if (more.length > 0) throw new InvalidValueError('--template: write NAME or NAME@VERSION');
  return {
    template: parseOption('template', name, parseTemplateName),
    ...(version !== undefined && { templateVersion: version }),
  };
}

/** The limits that were given, on top of `before`. */
export function readLimits(options: GivenOptions, before: JailLimits = {}): JailLimits {
  const given: Partial<Record<keyof JailLimits, number | undefined>> = { ...before };
  const set = (name: string, key: keyof JailLimits, parse: (text: string) => number): void => {
    if (options.has(name)) given[key] = options.parsed(name, (text) => (text === 'none' ? undefined : parse(text)));
  };
  set('memory', 'memoryBytes', parseByteSize);
  set('swap', 'swapBytes', parseByteSize);
  set('cpu', 'cpuPercent', parseCount);
  set('pids', 'pids', parseCount);
  set('open-files', 'openFiles', parseCount);
  set('disk', 'diskBytes', parseByteSize);
  set('inodes', 'diskInodes', parseCount);
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function parseCount(text: string): number {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  throw new InvalidValueError(`"${text.slice(0, 40)}" is not a number`);
}

type Settings = Pick<NewJail, 'profile' | 'network' | 'linger' | 'autostart' | 'hostname' | 'devices' | 'volumes'> & {
  readonly owner?: string;
};

/** The settings that were given. A list that is given replaces the old one; `none` empties it. */
export function readSettings(options: GivenOptions): Settings {
  const profile = options.word('profile', ['strict', 'standard', 'nesting']);
  const network = options.word('network', ['nat', 'none', 'host']);
  const linger = options.word('linger', ['processes', 'always', 'none']);
  const autostart = options.word('autostart', ['yes', 'no']);
  const hostname = options.parsed('hostname', parseHostName);
  const owner = options.text('owner');
  return {
    ...(profile !== undefined && { profile }),
    ...(network !== undefined && { network }),
    ...(linger !== undefined && { linger }),
    ...(autostart !== undefined && { autostart: autostart === 'yes' }),
    ...(hostname !== undefined && { hostname }),
    ...(owner !== undefined && { owner }),
    ...(options.has('device') && {
      devices: listed(options, 'device').map((text) => parseOption('device', text, parseDevice)),
    }),
    ...(options.has('volume') && {
      volumes: listed(options, 'volume').map((text) => parseOption('volume', text, parseVolume)),
    }),
  };
}

function listed(options: GivenOptions, name: string): readonly string[] {
  const texts = options.texts(name);
  return texts.length === 1 && texts[0] === 'none' ? [] : texts;
}

function parseDevice(text: string): Jail['devices'][number] {
  if (text === 'fuse' || text === 'net/tun') return text;
  throw new InvalidValueError(`"${text.slice(0, 40)}" is not a device; it takes fuse, net/tun or none`);
}
