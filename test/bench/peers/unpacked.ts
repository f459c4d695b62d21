import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { mustRun } from '../../support/program.js';

/**
 * Unpacks Debian packages below `directory` without installing them: no user is made, no service is started, nothing of
 * the host changes.
 */
export async function unpackPackages(directory: string, names: readonly string[]): Promise<string> {
  const root = path.join(directory, 'unpacked');
  if (existsSync(root)) {
    return root;
  }
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
  await mustRun('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...names], { cwd: directory });
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
    await mustRun('dpkg-deb', ['-x', path.join(directory, file), root]);
  }
  return root;
}
