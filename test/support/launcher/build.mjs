import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

/** All files below `directory`, relative to `root`, sorted. */
function filesBelow(root, directory) {
  const full = path.join(root, directory);
  if (!existsSync(full)) {
    return [];
  }
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function typescriptFiles(root) {
  return ['src', 'test'].flatMap((directory) => filesBelow(root, directory)).filter((file) => file.endsWith('.ts'));
}

/** One value for the state of all TypeScript sources; a changed, added or removed file changes it. */
function fingerprint(root, files) {
  const hash = createHash('sha256');
  for (const file of [...files, 'tsconfig.json', 'package-lock.json']) {
    const { size, mtimeMs } = statSync(path.join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Removes what earlier builds left of sources that are gone, so that no deleted test runs. */
function removeOrphans(root, files) {
  const sources = new Set(files);
  for (const built of filesBelow(root, 'dist')) {
    const source = path.relative('dist', built).replace(/\.js(\.map)?$/, '.ts');
    if (/\.js(\.map)?$/.test(built) && !sources.has(source)) {
      rmSync(path.join(root, built));
    }
  }
}

/** Compiles TypeScript to dist/. Gives false when nothing had changed. */
export async function buildTypescript(root) {
  const files = typescriptFiles(root);
  const now = fingerprint(root, files);
  const stamp = path.join(root, 'dist', '.sources');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) {
    return false;
  }
  removeOrphans(root, files);
  await run(process.execPath, [path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'], {
    cwd: root,
  });
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
  return true;
}

/** Builds jail-keeper, the addon and the preload. Gives false when make had nothing to do. */
export async function buildNative(root) {
  const isCurrent = await run('make', ['-C', 'native', '-q'], { cwd: root }).then(
    () => true,
    () => false,
  );
  if (isCurrent) {
    return false;
  }
  await run('make', ['-C', 'native', '-s', '-j2'], { cwd: root });
  return true;
}
