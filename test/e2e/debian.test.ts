import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun } from '../support/program.js';
import { mustSsh, ssh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';
import { openTerminal } from '../support/terminal-client.js';

/** Week one of a user with a Debian machine: packages, users, services, damage, repair. */
const instance = instanceForSuite(
  'debian',
  {},
  async (made) => {
    await made.mustJailctl(['template', 'build', 'debian'], { deadlineMs: 300_000 });
    await made.addAccount('alice', { args: ['--template', 'debian'] });
  },
  { ownTemplates: true },
);

/** The layers that the manifest of the debian template names. */
function debianLayers(): string[] {
  const templates = path.join(instance().files.stateDir, 'templates', 'debian');
  const manifest = (readdirSync(templates, { recursive: true }) as string[]).find((name) =>
    name.endsWith('manifest.json'),
  );
  const text = readFileSync(path.join(templates, manifest ?? ''), 'utf8');
  return (JSON.parse(text) as { layers: { digest: string }[] }).layers.map(({ digest }) => digest);
}

/** Digests of these layers as jail-keeper sees them now. */
async function layerDigests(): Promise<string[]> {
  const keeper = path.join(instance().files.app, 'native/build/jail-keeper');
  const directory = path.join(instance().files.stateDir, 'layers');
  return Promise.all(
    debianLayers().map((name) =>
      mustRun(keeper, ['tree', 'digest', path.join(directory, name)], { deadlineMs: 120_000 }),
    ),
  );
}

test('apt-get installs nginx over nat, and the page is fetched inside', async () => {
  await mustSsh(
    instance(),
    'alice',
    'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends nginx-light curl',
    {
      deadlineMs: 300_000,
    },
  );
  await mustSsh(instance(), 'alice', 'service nginx start || nginx');
  const page = await mustSsh(instance(), 'alice', 'curl -s http://127.0.0.1/');
  assert.match(page, /nginx/i);
});

test('useradd, passwd, su and sudo work as on a machine of one’s own', async () => {
  await mustSsh(
    instance(),
    'alice',
    'DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends sudo',
    {
      deadlineMs: 120_000,
    },
  );
  await mustSsh(
    instance(),
    'alice',
    'useradd -m -s /bin/bash worker && echo "worker ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/worker',
  );
  assert.equal(await mustSsh(instance(), 'alice', 'su - worker -c "id -un; pwd"'), 'worker\n/home/worker');
  assert.equal(await mustSsh(instance(), 'alice', 'su - worker -c "sudo -n id -u"'), '0');
  const terminal = openTerminal(instance(), 'alice');
  terminal.type('passwd worker\r');
  await terminal.sees(/New password:/);
  terminal.type('a-long-new-one\r');
  await terminal.sees(/[Rr]etype new password:/);
  terminal.type('a-long-new-one\r');
  await terminal.sees(/password updated successfully/);
  terminal.type('su - worker\r');
  await terminal.sees(/worker@/);
  terminal.type('sudo -i\r');
  await terminal.sees(/root@/);
  terminal.type('id -u\r');
  await terminal.sees(/\b0\r\n/);
  for (const prompt of [/worker@/, /root@/]) {
    terminal.type('exit\r');
    await terminal.sees(prompt);
  }
  terminal.type('exit\r');
  await terminal.ends();
});

test('removing everything is undone by a reset, and the template is unchanged', async () => {
  const before = await layerDigests();
  assert.ok(before.length > 0);
  await ssh(instance(), 'alice', 'rm -rf --no-preserve-root / 2>/dev/null; echo done', { deadlineMs: 120_000 });
  assert.notEqual((await ssh(instance(), 'alice', 'ls /usr')).code, 0);
  await instance().mustJailctl(['jail', 'reset', 'alice', '--yes'], { deadlineMs: 120_000 });
  assert.match(await mustSsh(instance(), 'alice', 'cat /etc/os-release'), /Debian/);
  assert.deepEqual(await layerDigests(), before);
});
