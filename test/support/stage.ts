import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root (this file runs as dist/test/support/stage.js). */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * Copies what a running server needs to `target`: built files, production modules, templates. Readable for the service
 * uids, which the checkout need not be. Copies, not links: a build during a run must not change the running server.
 */
export function stageProduct(target: string): void {
  copyTree(path.join(projectRoot, 'dist', 'src'), path.join(target, 'dist', 'src'), (file) => file.endsWith('.js'));
  copyTree(path.join(projectRoot, 'templates'), path.join(target, 'templates'), () => true);
  mkdirSync(path.join(target, 'native', 'build'), { recursive: true, mode: 0o755 });
  for (const name of ['jail-keeper', 'jaild.node', 'toolbox-passwd.so']) {
    copyFile(path.join(projectRoot, 'native', 'build', name), path.join(target, 'native', 'build', name), 0o755);
  }
  for (const name of ['jaild', 'jailctl']) {
    writeStarter(target, name);
  }
  copyFile(path.join(projectRoot, 'package.json'), path.join(target, 'package.json'), 0o644);
  for (const directory of productionModules()) {
    copyTree(path.join(projectRoot, directory), path.join(target, directory), isNeededAtRunTime);
  }
}

/** `bin/NAME`: what an administrator types. */
function writeStarter(target: string, name: string): void {
  mkdirSync(path.join(target, 'bin'), { recursive: true, mode: 0o755 });
  const program = path.join(target, 'dist/src/bin', `${name}.js`);
  const starter = path.join(target, 'bin', name);
  writeFileSync(starter, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(starter, 0o755);
}

interface LockEntry {
  readonly dev?: boolean;
}

/** The directories (node_modules/NAME...) that the lock file does not mark as for development. */
function productionModules(): string[] {
  const lock = JSON.parse(readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(lock.packages)
    .filter(([directory, entry]) => directory.startsWith('node_modules/') && entry.dev !== true)
    .map(([directory]) => directory)
    .filter((directory) => existsSync(path.join(projectRoot, directory)));
}

/** Programs, data and built binaries; types, maps and native sources are for building only. */
function isNeededAtRunTime(file: string): boolean {
  return /\.(js|cjs|mjs|json|node)$/.test(file);
}

/** Nested modules have entries of their own in the lock file; node-pty's prebuilds are 58 MB for other systems. */
const skippedDirectories = new Set([
  'node_modules',
  'prebuilds',
  'obj.target',
  'deps',
  'test',
  'docs',
  'examples',
  'benchmarks',
  'third_party',
]);

function copyTree(source: string, target: string, isWanted: (relative: string) => boolean, below = ''): void {
  for (const entry of readdirSync(path.join(source, below), { withFileTypes: true })) {
    const relative = path.join(below, entry.name);
    if (entry.isDirectory() && !skippedDirectories.has(entry.name)) {
      copyTree(source, target, isWanted, relative);
    } else if (entry.isFile() && isWanted(relative)) {
      mkdirSync(path.dirname(path.join(target, relative)), { recursive: true, mode: 0o755 });
      copyFile(path.join(source, relative), path.join(target, relative), 0o644);
    }
  }
}

function copyFile(source: string, target: string, mode: number): void {
  copyFileSync(source, target);
  chmodSync(target, mode);
}
