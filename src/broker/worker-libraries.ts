import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../base/project-root.js';
import { JaildError } from '../errors/jaild-error.js';

const run = promisify(execFile);

const loaders: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};
const deadlineMs = 10_000;

/** Shared objects that a worker loads besides node itself. */
const loadedModules = [
  'native/build/jaild.node',
  'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node',
  'node_modules/node-pty/build/Release/pty.node',
];

/** A host path and where a worker finds it, read-only. */
export interface Bind {
  readonly source: string;
  readonly target: string;
}

/** All that a worker's file tree holds: node, its loader and libraries, our code and its packages. Nothing of /etc, no shell, no home. */
export async function findWorkerBinds(node: string = process.execPath): Promise<Bind[]> {
  const loader = loaders[process.arch];
  if (loader === undefined || !existsSync(loader)) {
    throw new JaildError('role-failed', `no dynamic loader is known for ${process.arch}`, {
      fields: { arch: process.arch },
    });
  }
  const objects = [node, ...loadedModules.map((path) => join(projectRoot, path)).filter((path) => existsSync(path))];
  const libraries = new Set<string>();
  for (const object of objects) for (const path of await listLibraries(loader, object)) libraries.add(path);
  const code = ['dist/src', 'node_modules', 'native/build/jaild.node', 'package.json'].map((path) =>
    join(projectRoot, path),
  );
  return [node, loader, ...libraries, ...code].map((path) => ({ source: path, target: path }));
}

/** Where the loader finds what an object needs, under the names that it asks for. */
async function listLibraries(loader: string, object: string): Promise<string[]> {
  const { stdout } = await run(loader, ['--list', object], { env: {}, cwd: dirname(object), timeout: deadlineMs });
  return [...stdout.matchAll(/=> (\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}
