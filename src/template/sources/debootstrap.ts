import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { JaildError } from '../../errors/jaild-error.js';
import { removeTree } from '../keeper-tree.js';
import type { Recipe } from '../recipe.js';
import { RootTree } from '../root-tree.js';
import { type AptSources, loadAptSources } from './apt-sources.js';
import { runMmdebstrap } from './mmdebstrap.js';
import { buildSafeBase } from './skeleton.js';
import type { SourceContext, SourceInputs, StagedLayer, TemplateSource } from './source.js';

/**
 * Source `debootstrap`: a fresh Debian or Ubuntu, made by mmdebstrap from the sources, keys and proxy that the host's own apt has.
 * Packages' scripts run as root of the host in the new root, as they would at any installation: only archives that the host trusts.
 */
export const debootstrapSource: TemplateSource = { loadInputs: loadDebootstrapInputs, build: buildDebootstrap };

const runFile = promisify(execFile);

interface Plan {
  readonly suite: string;
  readonly variant: string;
  readonly packages: readonly string[];
  readonly sources: AptSources;
  readonly aptOptions: readonly string[];
}

/** What the archive holds changes every day and is not asked: a build is repeated when the recipe or the host's sources change, or by `--force`. */
async function loadDebootstrapInputs(recipe: Recipe): Promise<SourceInputs> {
  const { suite, sources, aptOptions } = await loadPlan(recipe);
  const facts = {
    suite,
    sources: sha256(`${sources.deb822}\n${sources.lines}`),
    'apt-options': sha256(aptOptions.join('\n')),
  };
  return { key: sha256(JSON.stringify(facts)), facts };
}

async function buildDebootstrap({
  recipe,
  stagingPath,
  keeperPath,
  report,
  signal,
}: SourceContext): Promise<readonly StagedLayer[]> {
  const plan = await loadPlan(recipe);
  const rootPath = join(stagingPath, 'system');
  await mkdir(rootPath, { mode: 0o755 });
  const inputs = new RootTree(stagingPath);
  await inputs.file('jaild.sources', plan.sources.deb822, { mode: 0o644 });
  await inputs.file('jaild.list', plan.sources.lines, { mode: 0o644 });
  const mirrors = [
    ...(plan.sources.deb822 === '' ? [] : [join(stagingPath, 'jaild.sources')]),
    ...(plan.sources.lines === '' ? [] : [join(stagingPath, 'jaild.list')]),
  ];
  const options = [
    `--variant=${plan.variant}`,
    ...(plan.packages.length === 0 ? [] : [`--include=${plan.packages.join(',')}`]),
    ...plan.aptOptions.map((option) => `--aptopt=${option}`),
  ];
  await runMmdebstrap([...options, plan.suite, rootPath, ...mirrors], stagingPath, report, signal);
  report({ phase: 'clean-up', percentage: 90 });
  await makeSafe(rootPath, keeperPath);
  return [{ role: 'system', directoryPath: rootPath, covers: 'contents' }];
}

/** Device nodes, and what the build left in places that are empty in a jail, go; the host's name and resolver too. */
async function makeSafe(rootPath: string, keeperPath: string): Promise<void> {
  for (const name of ['dev', 'proc', 'sys', 'run', 'tmp', 'var/tmp'])
    await removeTree(keeperPath, join(rootPath, name));
  const tree = new RootTree(rootPath);
  await buildSafeBase(tree);
  await tree.remove('etc/machine-id');
  await tree.link('etc/mtab', '../proc/self/mounts');
}

async function loadPlan(recipe: Recipe): Promise<Plan> {
  const suite = recipe.debootstrap.suite ?? (await hostSuite());
  const components = recipe.debootstrap.components.length > 0 ? recipe.debootstrap.components : ['main'];
  const sources = await loadAptSources(suite, components);
  if (sources.deb822 === '' && sources.lines === '') {
    throw new JaildError(
      'template-build-failed',
      `the host's apt has no source for ${suite} with ${components.join(', ')}; add one below /etc/apt/sources.list.d`,
      { fields: { suite } },
    );
  }
  return {
    suite,
    variant: recipe.debootstrap.variant ?? 'apt',
    packages: recipe.debootstrap.packages,
    sources,
    aptOptions: await loadAptOptions(),
  };
}

async function hostSuite(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => ''); // expected: not on every system
  const suite = /^VERSION_CODENAME="?([a-z][a-z0-9-]*)"?$/m.exec(release)?.[1];
  if (suite !== undefined) return suite;
  throw new JaildError(
    'template-build-failed',
    'the host does not say which suite it is; write suite = ... under [debootstrap]',
  );
}

/** How the host reaches its archives: proxies and checks. They also hold inside the jails, so one with a password in it is left out. */
async function loadAptOptions(): Promise<string[]> {
  const { stdout } = await runFile('apt-config', ['dump', 'Acquire'], {
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    timeout: 10_000,
  }).catch(() => ({ stdout: '' })); // expected: no apt
  return stdout
    .split('\n')
    .filter(
      (line) =>
        /^Acquire::(?:(?:http|https|ftp)::[A-Za-z0-9.:-]+|Check-[A-Za-z-]+|Retries|ForceIPv[46]) "[^"]*";$/.test(
          line,
        ) && !/\/\/[^/\s"]*@/.test(line),
    );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
