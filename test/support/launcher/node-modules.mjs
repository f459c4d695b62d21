import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

/** What an installed node_modules depends on: the lock file, and the Node that its native parts were built for. */
function wanted(root) {
  return createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .update(`${process.versions.modules} ${process.arch}`)
    .digest('hex');
}

const stampOf = (root) => path.join(root, 'node_modules', '.jaild-installed');

/** True when node_modules is what the lock file says, for this Node. */
export function isInstalled(root) {
  const stamp = stampOf(root);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted(root);
}

/**
 * Installs the npm packages from the lock file.
 * Native parts are compiled against the headers beside this Node, so that nothing else has to be downloaded.
 */
export async function installModules(root) {
  const prefix = path.dirname(path.dirname(process.execPath));
  const env = existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? { npm_config_nodedir: prefix } : {};
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, env });
  writeFileSync(stampOf(root), wanted(root));
}
