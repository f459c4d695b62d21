/**
 * Authentication, group A: guessing, and telling accounts apart. OpenSSH had both leaks: the time of a hash for existing
 * users only (CVE-2016-6210) and different replies to malformed packets (CVE-2018-15473).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from '../support/instance-parts.js';
import { residentBytes } from '../support/processes.js';
import type { RawConnection } from '../support/raw-ssh/connection.js';
import { openToUserauth, passwordRequest, publickeyProbe, userauthAnswer } from '../support/raw-ssh/login.js';
import { bool, message, payload, text, uint32 } from '../support/raw-ssh/wire.js';
import { attackSuite } from './attack-suite.js';

const { instance, port } = attackSuite('guessing', { listener: { max_startups_per_source: '100' } }, async (made) => {
  await made.addAccount('carol', { password: 'right password' });
});

const connect = () => openToUserauth({ port: port() });

async function timeOf(connection: RawConnection, user: string): Promise<number> {
  const from = process.hrtime.bigint();
  connection.send(passwordRequest(user, 'wrong password'));
  assert.equal(await userauthAnswer(connection), 'failure');
  return Number(process.hrtime.bigint() - from) / 1e6;
}

/** The chance that a value of the first list is larger than one of the second; 0.5 = they cannot be told apart. */
function rankShare(first: readonly number[], second: readonly number[]): number {
  const wins = first.flatMap((a) => second.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
  return wins.reduce((sum, win) => sum + win, 0) / wins.length;
}

test('A01 password attempts take as long for a missing account as for an existing one', async () => {
  const times: Record<string, number[]> = { carol: [], missing: [] };
  for (let round = 0; round < 20; round += 1) {
    const order = round % 2 === 0 ? ['carol', 'missing'] : ['missing', 'carol'];
    for (const user of order) {
      const connection = await connect();
      for (let attempt = 0; attempt < 5; attempt += 1) {
        times[user]?.push(await timeOf(connection, user));
      }
      connection.destroy();
    }
  }
  const share = rankShare(times['carol'] ?? [], times['missing'] ?? []);
  assert.ok(share > 0.35 && share < 0.65, `rank share ${share.toFixed(2)}`);
});

/** What a malformed or refused request leads to: messages and whether the connection stays. */
async function reaction(request: Buffer): Promise<string> {
  const connection = await connect();
  connection.send(request);
  const answer = await userauthAnswer(connection, 3_000).catch(() => 'silence');
  const closes = connection.isOver || (await connection.closesWithin(300));
  const told =
    connection.disconnect === undefined ? '' : `${connection.disconnect.reason} ${connection.disconnect.text}`;
  connection.destroy();
  return `${answer} ${closes} ${told}`;
}

function malformedKeyRequest(user: string): Buffer {
  return payload(
    message.userauthRequest,
    ...[text(user), text('ssh-connection'), text('publickey'), bool(true), text('ssh-ed25519')],
    Buffer.concat([uint32(500), Buffer.alloc(20)]),
  );
}

test('A02 a malformed key packet gets the same reaction for existing and missing accounts', async () => {
  assert.equal(await reaction(malformedKeyRequest('carol')), await reaction(malformedKeyRequest('carox')));
});

test('A03 a key probe for a missing account looks like a wrong key for a real one', async () => {
  const blob = Buffer.concat([text('ssh-ed25519'), text(Buffer.alloc(32, 9))]);
  assert.equal(await reaction(publickeyProbe('carol', blob)), await reaction(publickeyProbe('missing', blob)));
});

test('A14 500 attempts on one connection are cut off at six', async () => {
  const connection = await connect();
  let failures = 0;
  for (; failures < 500; failures += 1) {
    connection.send(publickeyProbe('carol', Buffer.concat([text('ssh-ed25519'), text(Buffer.alloc(32, failures))])));
    if ((await userauthAnswer(connection)) !== 'failure') {
      break;
    }
  }
  assert.ok(failures <= 6, `${failures} failures were answered`);
  assert.equal(connection.isOver || (await connection.closesWithin(2_000)), true);
});

test('A17 fifty pipelined requests are bounded and answered in order', async () => {
  const connection = await connect();
  for (let n = 0; n < 50; n += 1) {
    connection.send(passwordRequest('carol', n === 49 ? 'right password' : 'wrong'));
  }
  let failures = 0;
  let answer = await userauthAnswer(connection);
  while (answer === 'failure') {
    failures += 1;
    answer = await userauthAnswer(connection);
  }
  assert.equal(answer, 'closed', 'the right password came too late');
  assert.ok(failures <= 6);
});

test('A18 a password of a megabyte is refused before it is hashed', async () => {
  const from = Date.now();
  const before = partsOf(instance(), 'broker').reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  const connection = await connect();
  connection.send(passwordRequest('carol', Buffer.alloc(200_000, 'x')));
  assert.notEqual(await userauthAnswer(connection), 'success');
  connection.destroy();
  const long = await connect();
  long.send(passwordRequest('carol', Buffer.alloc(1_000_000, 'x')));
  assert.notEqual(await userauthAnswer(long), 'success');
  long.destroy();
  assert.ok(Date.now() - from < 4_000);
  const after = partsOf(instance(), 'broker').reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  assert.ok(after - before < 30_000_000);
});

for (const [id, names] of [
  [
    'A19',
    [
      '',
      'x'.repeat(10_000),
      '../x',
      'a/b',
      '-oProxyCommand=x',
      'a\0b',
      'a\nb',
      '\x1b[31m',
      'alice+',
      'alice+../x',
      'alice+a+b',
    ],
  ],
  ['A20', ['__proto__', 'constructor', 'hasownproperty', 'hasOwnProperty', 'toString']],
] as const) {
  test(`${id} hostile user names are plain unknown users`, async () => {
    for (const name of names) {
      const connection = await connect();
      connection.send(passwordRequest(name, 'x'));
      assert.notEqual(await userauthAnswer(connection), 'success', JSON.stringify(name.slice(0, 40)));
      connection.destroy();
    }
  });
}
