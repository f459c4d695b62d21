/**
 * Transport, group T: what a client may send once the binary packets begin. The feared outcomes: memory taken from a
 * length field, the Terrapin prefix (CVE-2023-48795), weak shares that fix the secret, compression bombs, a client that
 * declares itself authenticated (CVE-2018-10933), replies queued without bound (CVE-2025-22869's class).
 */
import assert from 'node:assert/strict';
import { getDiffieHellman, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { partsOf } from '../support/instance-parts.js';
import { openDescriptors, residentBytes } from '../support/processes.js';
import { sha256, steadyBytes } from '../support/random-bytes.js';
import { RawChannel } from '../support/raw-ssh/channel.js';
import { RawConnection } from '../support/raw-ssh/connection.js';
import { exchangeKeys, exchangeOffers, nameListsOf, type Offer } from '../support/raw-ssh/key-exchange.js';
import { openToUserauth } from '../support/raw-ssh/login.js';
import { bool, byte, message, mpint, payload, Reader, text, uint32 } from '../support/raw-ssh/wire.js';
import { ssh } from '../support/ssh-client.js';
import { until } from '../support/until.js';
import { attackSuite } from './attack-suite.js';

const { instance, port, alice } = attackSuite('packets');

function open(offer?: Offer): Promise<RawConnection> {
  return RawConnection.open({ port: port() }).then(async (connection) => {
    if (offer !== undefined) {
      await exchangeOffers(connection, offer);
    }
    return connection;
  });
}

function workersMemory(): number {
  return partsOf(instance(), 'worker').reduce((sum, { pid }) => sum + residentBytes(pid), 0);
}

for (const length of [0, 1, 13, 300_000, 2 ** 31, 2 ** 32 - 1]) {
  test(`T11 a packet length of ${length} ends the connection before memory is taken`, async () => {
    const connection = await open();
    await connection.readVersion();
    const before = workersMemory();
    connection.socket.write(Buffer.concat([uint32(length), randomBytes(64)]));
    assert.equal(await connection.closesWithin(5_000), true);
    assert.ok(workersMemory() - before < 10_000_000);
  });
}

for (const type of ['ignore', 'debug', 'unimplemented'] as const) {
  test(`T15 ${type} between KEXINIT and NEWKEYS ends a strict key exchange`, async () => {
    const connection = await open({});
    const parts = { ignore: [text('x')], debug: [bool(true), text('x'), text('')], unimplemented: [uint32(0)] }[type];
    connection.send(payload(message[type], ...parts));
    assert.equal(await connection.closesWithin(5_000), true);
  });
}

test('T15 ignore before KEXINIT ends a strict key exchange', async () => {
  const connection = await open();
  await connection.readVersion();
  connection.send(payload(message.ignore, text('x')));
  await exchangeOffers(connection).catch(() => undefined);
  assert.equal(await connection.closesWithin(5_000), true);
});

test('T16 every offered cipher and MAC works over re-keys with OpenSSH', async () => {
  const connection = await open();
  const { theirs } = await exchangeOffers(connection);
  connection.destroy();
  const [, , ciphers = [], , macs = []] = nameListsOf(theirs);
  const bytes = steadyBytes(1_500_000, 9);
  const pairs = ciphers.flatMap((cipher) =>
    /ctr/.test(cipher) ? macs.map((mac) => [cipher, mac]) : [[cipher, macs[0] ?? '']],
  );
  for (const [cipher = '', mac = ''] of pairs) {
    const flags = ['-c', cipher, '-m', mac, '-o', 'RekeyLimit=256K'];
    const { stdout, err } = await ssh(instance(), 'alice', 'cat', { flags, input: bytes });
    assert.equal(sha256(stdout), sha256(bytes), `${cipher} ${mac}: ${err}`);
  }
});

test('T17 the offer holds nothing weak and the strict marker', async () => {
  const connection = await open();
  const { theirs } = await exchangeOffers(connection);
  connection.destroy();
  const names = nameListsOf(theirs).flat();
  const weak = /sha1$|cbc|md5|arcfour|rc4|3des|^ssh-rsa$|^ssh-dss$|group1-|group14-sha1|zlib|group-exchange/;
  assert.deepEqual(
    names.filter((name) => weak.test(name)),
    [],
  );
  assert.ok(names.includes('kex-strict-s-v00@openssh.com'));
  assert.ok(names.includes('mlkem768x25519-sha256') || names.includes('curve25519-sha256'));
});

test('T19 a wrong guess is skipped and the login works', async () => {
  const connection = await open();
  await exchangeKeys(connection, {
    kex: 'no-such-kex@example.org,curve25519-sha256,kex-strict-c-v00@openssh.com',
    guess: payload(message.kexEcdhInit, text(randomBytes(77))),
  });
  connection.send(payload(message.serviceRequest, text('ssh-userauth')));
  await connection.receiveOf([message.serviceAccept]);
  connection.destroy();
});

const prime = getDiffieHellman('modp14').getPrime();
const badShares: readonly (readonly [string, string, Buffer])[] = [
  ['an all-zero X25519 share', 'curve25519-sha256', text(Buffer.alloc(32))],
  ['a short X25519 share', 'curve25519-sha256', text(Buffer.alloc(31, 7))],
  ['a P-256 point off the curve', 'ecdh-sha2-nistp256', text(Buffer.concat([byte(4), Buffer.alloc(64, 7)]))],
  ['a Diffie-Hellman value of 0', 'diffie-hellman-group14-sha256', mpint(Buffer.alloc(0))],
  ['a Diffie-Hellman value of 1', 'diffie-hellman-group14-sha256', mpint(byte(1))],
  ['a Diffie-Hellman value of p-1', 'diffie-hellman-group14-sha256', mpint(minusOne(prime))],
];

function minusOne(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 1) - 1; // p is odd
  return copy;
}

for (const [name, kex, share] of badShares) {
  test(`T20 ${name} is refused`, async () => {
    const connection = await open({ kex: `${kex},kex-strict-c-v00@openssh.com` });
    connection.send(payload(message.kexEcdhInit, share));
    const answer = await connection.receiveOf([message.kexEcdhReply, message.disconnect], 5_000).catch(() => undefined);
    assert.notEqual(answer?.[0], message.kexEcdhReply, 'no secret is agreed on');
    assert.equal(await connection.closesWithin(5_000), true);
  });
}

for (const [id, compression] of [
  ['T22', 'zlib'],
  ['T23', 'zlib@openssh.com'],
] as const) {
  test(`${id} a client that offers only ${compression} finds no common algorithm`, async () => {
    const connection = await open();
    await exchangeOffers(connection, { compression }).catch(() => undefined);
    assert.equal(await connection.closesWithin(5_000), true);
  });
}

test('T25 a client that sends USERAUTH_SUCCESS is not logged in', async () => {
  const connection = await openToUserauth({ port: port() });
  connection.send(payload(message.userauthSuccess));
  connection.send(payload(message.channelOpen, text('session'), uint32(0), uint32(65_536), uint32(32_768)));
  const answer = await connection
    .receiveOf([message.channelOpenConfirmation, message.disconnect], 3_000)
    .catch(() => undefined);
  assert.notEqual(answer?.[0], message.channelOpenConfirmation);
  connection.destroy();
});

test('T26 requests that want answers, never read, cost bounded memory', async () => {
  const connection = await alice();
  const before = workersMemory();
  connection.socket.pause();
  const request = payload(message.globalRequest, text('flood@example.org'), bool(true));
  for (let n = 0; n < 300_000 && !connection.isOver && connection.socket.writableLength < 16_000_000; n += 1) {
    connection.send(request);
    if (n % 2_000 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(workersMemory() - before < 80_000_000, `grew by ${workersMemory() - before} bytes after ${n} requests`);
    }
  }
  connection.destroy();
});

test('T27 an answer that declares 33 million responses costs nothing', async () => {
  const connection = await openToUserauth({ port: port() });
  connection.send(
    payload(
      message.userauthRequest,
      text('alice'),
      text('ssh-connection'),
      text('keyboard-interactive'),
      text(''),
      text(''),
    ),
  );
  const before = workersMemory();
  connection.send(payload(message.userauthInfoResponse, uint32(33_000_000)));
  await connection.closesWithin(1_500);
  assert.ok(workersMemory() - before < 5_000_000, `grew by ${workersMemory() - before}`);
  connection.destroy();
});

test('T28 an unknown message number is answered with UNIMPLEMENTED and its sequence number', async () => {
  const connection = await open();
  await exchangeKeys(connection); // strict: counting starts anew at NEWKEYS
  connection.send(payload(message.serviceRequest, text('ssh-userauth')));
  await connection.receiveOf([message.serviceAccept]);
  connection.send(payload(200, text('?')));
  const answer = new Reader(await connection.receiveOf([message.unimplemented], 5_000), 1);
  assert.equal(answer.uint32(), 1);
  connection.destroy();
});

test('T29 a flood of IGNORE before login ends the connection', async () => {
  const connection = await openToUserauth({ port: port() });
  const ignore = payload(message.ignore, text(Buffer.alloc(200)));
  for (let n = 0; n < 100_000 && !connection.isOver; n += 1) {
    connection.send(ignore);
    if (n % 500 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  assert.equal(await connection.closesWithin(5_000), true);
});

test('T31 connections that end in every state and way leave no descriptor behind', async () => {
  const workers = () => partsOf(instance(), 'worker').map(({ pid }) => openDescriptors(pid).length);
  const total = () => workers().reduce((sum, count) => sum + count, 0);
  await endInEveryState();
  const baseline = total();
  await endInEveryState();
  await endInEveryState();
  await until('descriptors are back to where they were', 10_000, () => total() <= baseline + 2);
});

async function endInEveryState(): Promise<void> {
  const states = [
    () => open(),
    () => open({}),
    async () => {
      const connection = await open();
      await exchangeKeys(connection);
      return connection;
    },
    () => openToUserauth({ port: port() }),
    () => alice(),
    async () => {
      const connection = await alice();
      const channel = await RawChannel.open(connection);
      await channel.exec('cat');
      return connection;
    },
  ];
  for (const reach of states) {
    for (const end of ['resetAndDestroy', 'end', 'destroy'] as const) {
      const connection = await reach();
      if (end === 'end') {
        connection.socket.write(Buffer.from([0, 0, 1])); // a packet that is cut off
      }
      connection.socket[end]();
      if (end === 'end') {
        await connection.closesWithin(3_000);
        connection.destroy();
      }
    }
  }
}

test('T32 50 MB with a re-key every 64 KB arrive unchanged', async () => {
  const bytes = steadyBytes(50_000_000, 10);
  const { stdout, err } = await ssh(instance(), 'alice', 'cat', {
    input: bytes,
    flags: ['-o', 'RekeyLimit=64K'],
    deadlineMs: 120_000,
  });
  assert.equal(sha256(stdout), sha256(bytes), err);
});

test('T35 a thousand re-keys in a row are cut short', async () => {
  const connection = await alice();
  let done = 0;
  try {
    for (; done < 1_000; done += 1) {
      await exchangeKeys(connection);
    }
  } catch {
    // expected: the server ends the connection
  }
  assert.ok(done < 1_000, 'the server made a thousand key exchanges for one idle client');
  connection.destroy();
});
