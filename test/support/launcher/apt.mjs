import { run } from './run.mjs';

const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

/** The names of `packages` (pairs of name and reason) that are not installed. */
export async function missingPackages(packages) {
  const names = packages.map(([name]) => name);
  const table = await run('dpkg-query', ['--show', '--showformat', '${Package} ${Status}\\n'], { env: environment });
  const installed = new Set(
    table
      .split('\n')
      .filter((line) => line.endsWith(' install ok installed'))
      .map((line) => line.slice(0, line.indexOf(' '))),
  );
  return names.filter((name) => !installed.has(name));
}

/** Installs packages by name. Package lists are fetched once, and only when something is to be installed. */
export async function installPackages(names) {
  await run('apt-get', ['update', '-q'], { env: environment });
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], { env: environment });
}
