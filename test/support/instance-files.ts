import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import type { Slot } from './slot.js';
import { stageProduct } from './stage.js';

/** Settings of a test instance beside its paths and ids: section to key to value (a list gives `key[]` lines). */
export type Settings = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Where the parts of an instance are. Everything is below `directory`. */
export interface InstanceFiles {
  readonly directory: string;
  readonly app: string;
  readonly config: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly logDir: string;
  readonly port: number;
}

/** A loopback port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function toIni(settings: Settings): string {
  return Object.entries(settings)
    .map(([section, keys]) => {
      const lines = Object.entries(keys).flatMap(([key, value]) =>
        typeof value === 'string' ? [`${key} = ${value}`] : value.map((each) => `${key}[] = ${each}`),
      );
      return `[${section}]\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

/** `second` on top of `first`, key by key. */
export function mergeSettings(first: Settings, second: Settings): Settings {
  const sections = new Set([...Object.keys(first), ...Object.keys(second)]);
  return Object.fromEntries([...sections].map((section) => [section, { ...first[section], ...second[section] }]));
}

/** Makes the directory of an instance: the staged product, and its configuration file. Nothing runs yet. */
export async function makeInstanceFiles(slot: Slot, name: string, settings: Settings): Promise<InstanceFiles> {
  const directory = mkdtempSync(`/var/tmp/jaild-${name}-`);
  chmodSync(directory, 0o755); // mkdtemp makes it 0700, and the service uids must pass
  const app = path.join(directory, 'app');
  stageProduct(app);
  const port = await freePort();
  const files = {
    directory,
    app,
    port,
    config: path.join(directory, 'jaild.ini'),
    stateDir: path.join(directory, 'state'),
    runDir: path.join(directory, 'run'),
    logDir: path.join(directory, 'log'),
  };
  writeConfig(files, slot, settings);
  return files;
}

/** Writes (again) the configuration of an instance: its own paths and ids, and `settings`. */
export function writeConfig(files: InstanceFiles, slot: Slot, settings: Settings): void {
  const own: Settings = {
    server: { listen: `127.0.0.1:${files.port}`, instance_dir: files.directory, stop_jails: 'yes', stop_time: '2s' },
    listener: { uid: String(slot.listenerUid), gid: String(slot.listenerUid) },
    workers: { first_uid: String(slot.firstWorkerUid), uid_count: String(slot.workerUidCount) },
    jails: { first_base: String(slot.firstBase), last_base: String(slot.lastBase), stop_time: '2s' },
    network: { pool: slot.pool },
  };
  writeFileSync(files.config, toIni(mergeSettings(own, settings)), { mode: 0o644 });
}
