import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Instance } from '../../support/instance.js';
import { mustRun, runProgram } from '../../support/program.js';

/** A directory tree that peers use as their root: an overlay of the very layers that jails of the host template have. */
export interface PeerRoot {
  readonly path: string;
  remove(): Promise<void>;
}

interface Manifest {
  readonly layers?: readonly (string | { readonly digest?: string; readonly name?: string })[];
}

/** The layer directories of the newest version of a template, top first. */
function layersOf(instance: Instance, template: string): string[] {
  const directory = path.join(instance.files.stateDir, 'templates', template);
  const file = (readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => name.endsWith('manifest.json'))
    .sort()
    .at(-1);
  const manifest = JSON.parse(readFileSync(path.join(directory, file ?? ''), 'utf8')) as Manifest;
  return (manifest.layers ?? [])
    .map((layer) => (typeof layer === 'string' ? layer : (layer.digest ?? layer.name ?? '')))
    .map((name) => path.join(instance.files.stateDir, 'layers', name.replace(':', '-')));
}

export async function mountPeerRoot(instance: Instance): Promise<PeerRoot> {
  const base = path.join(instance.files.directory, 'peer-root');
  const root = path.join(base, 'root');
  mkdirSync(base);
  await mustRun('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', base]);
  for (const name of ['upper', 'work', 'root']) {
    mkdirSync(path.join(base, name));
  }
  const options = `lowerdir=${layersOf(instance, 'host').join(':')},upperdir=${base}/upper,workdir=${base}/work`;
  await mustRun('mount', ['-t', 'overlay', '-o', options, 'overlay', root]);
  await mustRun('mount', ['--bind', '/dev', path.join(root, 'dev')]);
  await mustRun('mount', ['-t', 'proc', 'proc', path.join(root, 'proc')]);
  return {
    path: root,
    remove: async () => {
      await runProgram('umount', ['-R', '-l', root]);
      await runProgram('umount', ['-l', base]);
    },
  };
}
