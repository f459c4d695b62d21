import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { InstanceFiles } from './instance-files.js';
import { mustRun, runProgram } from './program.js';

/**
 * The host template has over a hundred thousand files; making and removing it for every suite would take most of the time of
 * a test run. So one instance of the tests is only a seed: its template is built once, and the layers of the others are
 * bind mounts of its layers. Suites that build or plant templates themselves do without.
 */
export const seedDirectory = '/var/tmp/jaild-test-seed';

const seedConfig = path.join(seedDirectory, 'jaild.ini');
const seedState = path.join(seedDirectory, 'state');

export function layersOf(files: Pick<InstanceFiles, 'stateDir'>): string {
  return path.join(files.stateDir, 'layers');
}

/** Makes sure that the seed has today's host template (asks the product itself), and lets `files` use it. */
export async function attachSeed(files: InstanceFiles): Promise<void> {
  mkdirSync(seedDirectory, { recursive: true });
  chmodSync(seedDirectory, 0o755);
  const ini = `[server]\ninstance_dir = ${seedDirectory}\n[network]\npool = 10.219.0.0/22\n`;
  const init = `printf '%s' '${ini}' > '${seedConfig}'; exec '${files.app}/bin/jailctl' --config '${seedConfig}' init --yes`;
  await mustRun('flock', [path.join(seedDirectory, '.lock'), 'sh', '-c', init], { cwd: '/', deadlineMs: 300_000 });
  mkdirSync(files.stateDir, { mode: 0o711 });
  mkdirSync(layersOf(files), { mode: 0o700 });
  await mustRun('mount', ['--bind', path.join(seedState, 'layers'), layersOf(files)]);
  cpSync(path.join(seedState, 'templates'), path.join(files.stateDir, 'templates'), {
    recursive: true,
    filter: (file) => !file.includes('.staging'),
  });
}

/** Takes the seed's layers away from an instance that is being removed. Must come before its files are removed. */
export async function detachSeed(stateDir: string): Promise<void> {
  const { code } = await runProgram('mountpoint', ['-q', layersOf({ stateDir })]);
  if (code === 0) {
    await mustRun('umount', [layersOf({ stateDir })]);
  }
}

/**
 * Removes the seed at the end of a whole test run; another run that uses it keeps it.
 * @public run-levels.mjs calls it on the built output
 */
export function removeSeed(): void {
  const isUsed = readFileSync('/proc/self/mountinfo', 'utf8').includes(seedDirectory);
  if (existsSync(seedDirectory) && !isUsed) {
    rmSync(seedDirectory, { recursive: true });
  }
}
