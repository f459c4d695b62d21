import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseTemplateName, type TemplateName } from '../../src/base/brands.js';
import { isJaildError } from '../../src/errors/jaild-error.js';
import { type BuildRequest, type BuildResult, buildTemplate } from '../../src/template/build.js';
import { loadTemplateVersion } from '../../src/template/manifest.js';
import { loadRecipe } from '../../src/template/resolve.js';
import { stagingRoot } from '../../src/template/staging.js';
import { verifyTemplateVersion } from '../../src/template/verify.js';
import { mustRun } from '../support/program.js';
import { projectRoot } from '../support/stage.js';

/** requires: root, jail-keeper. Builds the template `host` of this machine in a state directory of its own. */
const keeperPath = path.join(projectRoot, 'native/build/jail-keeper');
const host = parseTemplateName('host');
const mark = `jaild-test-${process.pid}`;

/** Files planted on the host for this test: what the template must not show, and one that it must. */
const planted = {
  closed: `/usr/share/${mark}-closed`,
  closedDirectory: `/usr/share/${mark}-closed.d`,
  local: `/usr/local/bin/${mark}`,
  source: `/usr/src/${mark}`,
  settings: `/etc/${mark}.conf`,
  profile: `/etc/profile.d/${mark}.sh`,
  aptPassword: `/etc/apt/sources.list.d/${mark}.list`,
  open: `/usr/share/${mark}-open`,
};

let stateDir = '';
let result: BuildResult;
let layers: readonly string[] = [];

/** The recipe `host` without most of /usr: enough where only the way of building counts. */
const smallRecipe = `[template]
source = host
[host]
${['include', 'lib', 'libexec', 'share', 'lib32', 'games'].map((name) => `exclude[] = ${name}`).join('\n')}
`;
const small = parseTemplateName('small');

type BuildOptions = Partial<Pick<BuildRequest, 'signal' | 'force'>> & { readonly onPhase?: (phase: string) => void };

async function build(name: TemplateName, { onPhase, ...options }: BuildOptions = {}): Promise<BuildResult> {
  const found = await loadRecipe(path.join(stateDir, 'recipes'), name);
  const report: BuildRequest['report'] = ({ phase }) => onPhase?.(phase);
  return await buildTemplate({ found, stateDir, keeperPath, signal: new AbortController().signal, report, ...options });
}

/** The path in the topmost layer that has it. */
function find(name: string): string | undefined {
  return layers
    .map((layer) => path.join(layer, name))
    .find((file) => lstatSync(file, { throwIfNoEntry: false }) !== undefined);
}

function read(name: string): string {
  const file = find(name);
  assert.ok(file !== undefined, `${name} is in the template`);
  return readFileSync(file, 'utf8');
}

before(async () => {
  stateDir = mkdtempSync('/var/tmp/jaild-template-');
  writeFileSync(planted.closed, 'secret', { mode: 0o640 });
  mkdirSync(planted.closedDirectory, { mode: 0o750 });
  writeFileSync(path.join(planted.closedDirectory, 'inside'), 'secret', { mode: 0o644 });
  for (const file of [planted.local, planted.source, planted.settings, planted.profile, planted.open])
    writeFileSync(file, 'text', { mode: 0o644 });
  writeFileSync(planted.aptPassword, '# deb http://user:password@archive.test/ x main\n', { mode: 0o644 });
  mkdirSync(path.join(stateDir, 'recipes'));
  writeFileSync(path.join(stateDir, 'recipes/small.ini'), smallRecipe);
  result = await build(host);
  layers = (await loadTemplateVersion(stateDir, host)).layerPaths;
});

after(async () => {
  for (const file of Object.values(planted)) rmSync(file, { recursive: true, force: true });
  await mustRun(keeperPath, ['tree', 'remove', stateDir]);
});

describe('the host template', () => {
  it('shows no file that others cannot read, nothing of /usr/local, /usr/src and the settings of the admin', () => {
    for (const [what, file] of Object.entries(planted))
      assert.equal(find(file) !== undefined, what === 'open', `${what}: ${file}`);
  });

  it('has no file at all that others cannot read, but those it made itself', async () => {
    const made = new Set(['etc/shadow', 'etc/gshadow', 'etc/sudoers', 'var/log/btmp', 'root']);
    for (const layer of layers) {
      const out = await mustRun('find', [
        layer,
        '-mindepth',
        '1',
        '(',
        '-type',
        'f',
        '-not',
        '-perm',
        '-o+r',
        '-printf',
        '%P\\n',
        ')',
      ]);
      const conffiles = readFileSync('/var/lib/dpkg/status', 'utf8');
      const odd = out.split('\n').filter((file) => file !== '' && !made.has(file) && !conffiles.includes(` /${file} `));
      assert.deepEqual(odd, []);
    }
  });

  it('has no people, no passwords and no keys of the host', () => {
    assert.doesNotMatch(read('etc/passwd'), /^[^:]+:[^:]*:(?:[1-9][0-9]{3}|[1-5][0-9]{4}):/m);
    for (const line of read('etc/shadow').trim().split('\n')) assert.match(line, /^[^:]+:\*:/);
    assert.equal((lstatSync(find('etc/shadow') ?? '').mode & 0o777).toString(8), '640');
    for (const name of ['etc/ssh/ssh_host_ed25519_key', 'etc/machine-id', 'root/.ssh', 'etc/fstab'])
      assert.equal(find(name), undefined, name);
  });

  it('shows what packages keep closed as an empty directory', () => {
    for (const name of ['etc/ssl/private', 'var/cache/ldconfig']) {
      const directory = find(name);
      if (directory !== undefined) assert.deepEqual(readdirSync(directory), [], name);
    }
  });

  it('is a safe base: nothing that the keeper mounts on or writes is a link', () => {
    for (const name of ['dev', 'proc', 'sys', 'run', 'tmp', 'etc'])
      assert.ok(lstatSync(find(name) ?? '').isDirectory(), name);
    for (const name of ['etc/resolv.conf', 'etc/hostname', 'etc/hosts'])
      assert.ok(lstatSync(find(name) ?? '').isFile(), name);
    for (const name of ['dev', 'proc', 'sys', 'run', 'tmp']) assert.deepEqual(readdirSync(find(name) ?? ''), [], name);
    for (const layer of layers) assert.equal(lstatSync(layer).uid, 0);
  });

  it('has a package database in which dpkg finds nothing half done', async () => {
    assert.match(read('var/lib/dpkg/status'), /^Package: bash$/m);
    assert.equal(find('var/lib/dpkg/lock'), undefined);
    const skeleton = layers[0] ?? '';
    assert.equal(await mustRun('dpkg', ['--admindir', path.join(skeleton, 'var/lib/dpkg'), '--audit']), '');
  });

  it('works as a root: programs start in it', async () => {
    const root = path.join(stateDir, 'try');
    for (const name of ['root', 'upper', 'work']) mkdirSync(path.join(root, name), { recursive: true });
    const options = `lowerdir=${layers.join(':')},upperdir=${root}/upper,workdir=${root}/work`;
    const script =
      'mount -t overlay overlay -o "$1" "$2" && exec chroot "$2" /bin/bash -lc "id -un && sudo -n id -un && dpkg-query -W bash && command -v apt-get"';
    const out = await mustRun('unshare', [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      options,
      path.join(root, 'root'),
    ]);
    assert.match(out, /^root\nroot\nbash\t.*\n\/usr\/bin\/apt-get$/);
    await mustRun(keeperPath, ['tree', 'remove', root]);
  });
});

describe('building again', () => {
  it('does no work while recipe and host are the same', async () => {
    const phases: string[] = [];
    const again = await build(host, { onPhase: (phase) => phases.push(phase) });
    assert.deepEqual([again.outcome, again.manifest.version, phases], ['cached', result.manifest.version, ['inputs']]);
  });

  it('is noticed as needed, and done, when a program of the host has changed', async () => {
    const file = `/usr/bin/${mark}`;
    const first = await build(small);
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
    try {
      const findings = await verifyTemplateVersion({ stateDir, keeperPath, name: small, contents: false });
      const outdated = findings.filter(({ outcome }) => outcome === 'outdated');
      assert.deepEqual(
        outdated.map(({ subject }) => subject),
        ['host'],
      );
      assert.match(outdated[0]?.detail ?? '', /\/usr\/bin/);
      const rebuilt = await build(small);
      assert.equal(rebuilt.outcome, 'built');
      assert.notEqual(rebuilt.manifest.version, first.manifest.version);
      assert.equal((await loadTemplateVersion(stateDir, small)).manifest.version, rebuilt.manifest.version);
      assert.equal((await loadTemplateVersion(stateDir, small, first.manifest.version)).layerPaths.length, 2);
    } finally {
      rmSync(file, { force: true });
    }
  });
});

describe('verifying', () => {
  it('finds a changed file of a layer', async () => {
    const file = path.join(layers[0] ?? '', 'etc/issue');
    const before = lstatSync(file).mode & 0o7777;
    const name = { stateDir, keeperPath, name: host, version: result.manifest.version, contents: false };
    const outcomes = async (): Promise<string[]> => (await verifyTemplateVersion(name)).map(({ outcome }) => outcome);
    assert.ok(!(await outcomes()).includes('changed'));
    chmodSync(file, 0o600);
    assert.deepEqual((await outcomes()).filter((outcome) => outcome === 'changed').length, 1);
    chmodSync(file, before);
    assert.ok(!(await outcomes()).includes('changed'));
  });
});

describe('a host that changes during the build', () => {
  it('is looked at again: no version mixes before and after', async () => {
    const file = `/usr/bin/${mark}-late`;
    let starts = 0;
    try {
      const late = await build(small, {
        force: true,
        onPhase: (phase) => {
          if (phase === 'snapshot of /usr') starts += 1;
          if (phase === 'digest' && starts === 1) writeFileSync(file, '', { mode: 0o755 });
        },
      });
      assert.deepEqual([late.outcome, starts], ['built', 2]);
      const { layerPaths } = await loadTemplateVersion(stateDir, small);
      assert.ok(existsSync(path.join(layerPaths[1] ?? '', file)));
    } finally {
      rmSync(file, { force: true });
    }
  });
});

describe('a build that does not end', () => {
  const left = (): string[] => (existsSync(stagingRoot(stateDir)) ? readdirSync(stagingRoot(stateDir)) : []);
  const versions = (): string[] => readdirSync(path.join(stateDir, 'templates/small')).sort();
  const stored = (): string[] => readdirSync(path.join(stateDir, 'layers')).sort();

  for (const phase of ['snapshot of /usr', 'settings', 'digest']) {
    it(`leaves nothing when it is cancelled at "${phase}"`, async () => {
      const before = [versions(), stored()];
      const controller = new AbortController();
      const onPhase = (reached: string): void => {
        if (reached === phase) controller.abort();
      };
      const building = build(small, { force: true, signal: controller.signal, onPhase });
      await assert.rejects(building, (error) => isJaildError(error, 'template-build-cancelled'));
      assert.deepEqual([versions(), stored(), left()], [...before, []]);
    });
  }

  it('that was killed is cleaned up by the next one, with layers that nobody names', async () => {
    const dead = path.join(stagingRoot(stateDir), '999999999-1-dead');
    mkdirSync(path.join(dead, 'system/usr'), { recursive: true });
    const orphan = path.join(stateDir, 'layers', `sha256-${'00'.repeat(32)}`);
    mkdirSync(orphan);
    const before = stored().filter((name) => !orphan.endsWith(name));
    await build(small, { force: true });
    assert.deepEqual(left(), []);
    assert.ok(!existsSync(orphan));
    for (const name of before) assert.ok(stored().includes(name), name);
  });
});
