import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { password } from '../../support/door-peer/door.js';
import { hostKeyFingerprint } from '../../support/door-peer/host-keys.js';
import { mustRun, type Outcome, runProgram } from '../../support/program.js';
import { sha256, steadyBytes } from '../../support/random-bytes.js';
import { workerSuite } from './worker-suite.js';

const { client, peer } = workerSuite();
const bytes = steadyBytes(5_000_000);

/** A file of the client's, and the one that the session's programs see (the same host here). */
function files(): { local: string; remote: string; back: string } {
  const at = (name: string) => join(client().directory, name);
  writeFileSync(at('local'), bytes);
  rmSync(at('remote'), { force: true });
  return { local: at('local'), remote: at('remote'), back: at('back') };
}

function assertRoundTrip(outcome: Outcome, back: string): void {
  assert.equal(outcome.code, 0, outcome.err);
  assert.equal(sha256(readFileSync(back)), sha256(bytes));
}

for (const flags of [[], ['-O']]) {
  it(`scp ${flags.join(' ')} carries a file there and back`, async () => {
    const { local, remote, back } = files();
    const options = ['-q', ...flags, '-P', String(peer().port), ...client().options()];
    assert.equal((await runProgram('scp', [...options, local, `alice@127.0.0.1:${remote}`])).code, 0);
    assertRoundTrip(await runProgram('scp', [...options, `alice@127.0.0.1:${remote}`, back]), back);
  });
}

it('sftp carries a file there and back', async () => {
  const { local, remote, back } = files();
  const batch = Buffer.from(`put ${local} ${remote}\nget ${remote} ${back}\nbye\n`);
  const args = ['-b', '-', '-P', String(peer().port), ...client().options(), 'alice@127.0.0.1'];
  assertRoundTrip(await runProgram('sftp', args, { input: batch }), back);
});

it('psftp carries a file there and back', async () => {
  const { local, remote, back } = files();
  const key = hostKeyFingerprint();
  const args = ['-batch', '-P', String(peer().port), '-l', 'alice', '-pw', password, '-hostkey', key, '127.0.0.1'];
  assertRoundTrip(
    await runProgram('psftp', args, { input: Buffer.from(`put ${local} ${remote}\nget ${remote} ${back}\nbye\n`) }),
    back,
  );
});

it('plink runs a command and carries its status', async () => {
  const key = hostKeyFingerprint();
  const args = [
    '-batch',
    '-P',
    String(peer().port),
    '-l',
    'alice',
    '-pw',
    password,
    '-hostkey',
    key,
    '127.0.0.1',
    'echo plink; exit 5',
  ];
  const { out, code } = await runProgram('plink', args);
  assert.deepEqual([out.trim(), code], ['plink', 5]);
});

it('dbclient, which guesses the key exchange, runs a command', async () => {
  const key = join(client().directory, 'key.dropbear');
  await mustRun('dropbearconvert', ['openssh', 'dropbear', client().keyFile, key]);
  const { out, code } = await runProgram('dbclient', [
    '-y',
    '-i',
    key,
    '-p',
    String(peer().port),
    'alice@127.0.0.1',
    'echo db; exit 6',
  ]);
  assert.deepEqual([out.trim(), code], ['db', 6]);
});
