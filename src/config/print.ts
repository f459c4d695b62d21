import { formatByteSize } from '../base/byte-size.js';
import { formatDurationMs } from '../base/duration.js';
import { encodeValue } from '../base/ini.js';
import { formatListenAddress } from '../base/ip.js';
import { type Config, schema } from './schema.js';
import type { Section } from './setting.js';

/** One effective value for `jaild config show`. */
export interface ShownSetting {
  readonly section: string;
  readonly key: string;
  readonly value: string | readonly string[];
  /** `default` or `FILE:LINE`. */
  readonly origin: string;
  readonly help: string;
}

/** The effective configuration, in the order of the schema; what it says, read again, gives the same configuration. */
export function listSettings(config: Config): ShownSetting[] {
  return Object.entries(schema as Readonly<Record<string, Section>>).flatMap(([section, settings]) =>
    Object.entries(settings).map(([key, setting]) => {
      const loaded = (config as unknown as Record<string, Record<string, unknown>>)[section]?.[setting.name];
      const value = Array.isArray(loaded)
        ? loaded.map((item) => toText(item, setting.name))
        : toText(loaded, setting.name);
      return { section, key, value, origin: config.origins.get(`${section}.${key}`) ?? 'default', help: setting.help };
    }),
  );
}

/** The same as INI text; every key has its purpose and origin as a comment above it. */
export function printConfig(config: Config): string {
  const lines: string[] = [];
  let section = '';
  for (const shown of listSettings(config)) {
    if (shown.section !== section) lines.push(...(section === '' ? [] : ['']), `[${shown.section}]`);
    section = shown.section;
    lines.push(`# ${shown.help} (${shown.origin})`);
    if (typeof shown.value === 'string') lines.push(`${shown.key} = ${encodeValue(shown.value)}`);
    else if (shown.value.length === 0) lines.push(`${shown.key} = ""`);
    else lines.push(...shown.value.map((item) => `${shown.key}[] = ${encodeValue(item)}`));
  }
  return `${lines.join('\n')}\n`;
}

function toText(value: unknown, name: string): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (name.endsWith('Ms')) return formatDurationMs(value);
    return name.endsWith('Bytes') ? formatByteSize(value) : String(value);
  }
  if (typeof value === 'object' && value !== null) {
    if ('text' in value) return String(value.text);
    if ('host' in value && 'port' in value)
      return formatListenAddress({ host: String(value.host), port: Number(value.port) });
  }
  if (typeof value === 'string') return value;
  throw new TypeError(`the setting ${name} has no text`);
}
