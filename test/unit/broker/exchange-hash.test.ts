import assert from 'node:assert/strict';
import {
  createDiffieHellman,
  createECDH,
  createHash,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
} from 'node:crypto';
import { describe, it } from 'node:test';
import { computeExchangeHash, type ExchangeParts, findExchangeFault } from '../../../src/broker/exchange-hash.js';

const cookie = Buffer.alloc(16, 7);
const serverIdent = Buffer.from('SSH-2.0-jaild');
const hostKey = Buffer.from('0000000b7373682d65643235353139', 'hex');

function kexInit(value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(20), value, Buffer.alloc(45)]);
}

/** The data types once more, by another hand: a mistake in the product's own builders must not hide. */
function wireString(value: Buffer): number[] {
  return [value.length >>> 24, (value.length >>> 16) & 255, (value.length >>> 8) & 255, value.length & 255, ...value];
}

function wireMpint(value: bigint): number[] {
  const hex = value.toString(16);
  const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return wireString((magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude);
}

function big(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function makeParts(parts: Partial<ExchangeParts>): ExchangeParts {
  return {
    kex: 'curve',
    hash: 'sha256',
    hostKeyAlgorithm: 'ssh-ed25519',
    clientIdent: Buffer.from('SSH-2.0-test_1'),
    serverIdent,
    clientKexInit: kexInit(Buffer.alloc(16, 9)),
    serverKexInit: kexInit(cookie),
    clientShare: randomBytes(32),
    serverShare: randomBytes(32),
    secret: randomBytes(32),
    ...parts,
  };
}

function expectedHash(parts: ExchangeParts, shares: number[], secret: number[]): Buffer {
  const head = [parts.clientIdent, parts.serverIdent, parts.clientKexInit, parts.serverKexInit, hostKey].flatMap(
    wireString,
  );
  return createHash(parts.hash)
    .update(Buffer.from([...head, ...shares, ...secret]))
    .digest();
}

describe('exchange hash', () => {
  it('is that of RFC 8731 for X25519', () => {
    const client = generateKeyPairSync('x25519');
    const server = generateKeyPairSync('x25519');
    const share = (key: typeof client) => Buffer.from(key.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    const secret = diffieHellman({ privateKey: server.privateKey, publicKey: client.publicKey });
    const parts = makeParts({ clientShare: share(client), serverShare: share(server), secret });
    const expected = expectedHash(
      parts,
      [...wireString(parts.clientShare), ...wireString(parts.serverShare)],
      wireMpint(big(secret)),
    );
    assert.deepEqual(computeExchangeHash(parts, hostKey), expected);
    assert.equal(findExchangeFault(parts, { cookie, serverIdent }), null);
  });

  for (const [curve, hash] of [
    ['prime256v1', 'sha256'],
    ['secp384r1', 'sha384'],
    ['secp521r1', 'sha512'],
  ] as const) {
    it(`is that of RFC 5656 for ${curve}`, () => {
      const [client, server] = [createECDH(curve), createECDH(curve)];
      const [clientShare, serverShare] = [client.generateKeys(), server.generateKeys()];
      const secret = server.computeSecret(clientShare);
      const parts = makeParts({ hash, clientShare, serverShare, secret });
      const expected = expectedHash(
        parts,
        [...wireString(clientShare), ...wireString(serverShare)],
        wireMpint(big(secret)),
      );
      assert.deepEqual(computeExchangeHash(parts, hostKey), expected);
      assert.equal(findExchangeFault(parts, { cookie, serverIdent }), null);
    });
  }

  it('is that of RFC 4253 for a group, with and without sign octets', () => {
    const client = createDiffieHellman(randomOddPrime());
    const server = createDiffieHellman(client.getPrime());
    const [clientShare, serverShare] = [client.generateKeys(), server.generateKeys()];
    const secret = server.computeSecret(clientShare);
    const parts = makeParts({ kex: 'dh', hash: 'sha512', clientShare, serverShare, secret });
    const expected = expectedHash(
      parts,
      [...wireMpint(big(clientShare)), ...wireMpint(big(serverShare))],
      wireMpint(big(secret)),
    );
    assert.deepEqual(computeExchangeHash(parts, hostKey), expected);
    const signed = {
      ...parts,
      clientShare: Buffer.concat([Buffer.of(0), clientShare]),
      secret: Buffer.concat([Buffer.of(0, 0), secret]),
    };
    assert.deepEqual(computeExchangeHash(signed, hostKey), expected);
    assert.equal(findExchangeFault(parts, { cookie, serverIdent }), null);
  });

  it('takes the secret of a hybrid as a string', () => {
    const secret = Buffer.concat([Buffer.of(0x80), randomBytes(31)]);
    const parts = makeParts({ kex: 'string', clientShare: randomBytes(1216), serverShare: randomBytes(1120), secret });
    const expected = expectedHash(
      parts,
      [...wireString(parts.clientShare), ...wireString(parts.serverShare)],
      wireString(secret),
    );
    assert.deepEqual(computeExchangeHash(parts, hostKey), expected);
  });

  const facts = { cookie, serverIdent };
  const faults: Readonly<Record<string, Partial<ExchangeParts>>> = {
    'another cookie': { serverKexInit: kexInit(Buffer.alloc(16, 8)) },
    'another server line': { serverIdent: Buffer.from('SSH-2.0-other') },
    'a client line with a newline': { clientIdent: Buffer.from('SSH-2.0-a\nb') },
    'a client of protocol 1': { clientIdent: Buffer.from('SSH-1.5-a') },
    'a short KEXINIT': { clientKexInit: Buffer.of(20, 1, 2) },
    'another message for a KEXINIT': { clientKexInit: Buffer.concat([Buffer.of(21), Buffer.alloc(80)]) },
    'a share of 31 octets': { clientShare: randomBytes(31) },
    'shares of two curves': { clientShare: randomBytes(65) },
    'a share that does not fit the hash': { hash: 'sha512' },
    'no secret': { secret: Buffer.alloc(0) },
    'a secret as long as a message': { secret: randomBytes(100) },
    'a tiny group share': { kex: 'dh', clientShare: Buffer.of(2), serverShare: Buffer.of(4) },
  };
  for (const [what, parts] of Object.entries(faults)) {
    it(`is not computed for ${what}`, () => {
      assert.notEqual(findExchangeFault(makeParts(parts), facts), null);
    });
  }

  it('holds a later exchange to the client line of the first', () => {
    const clientIdent = Buffer.from('SSH-2.0-first');
    assert.notEqual(findExchangeFault(makeParts({}), { ...facts, clientIdent }), null);
    assert.equal(findExchangeFault(makeParts({ clientIdent }), { ...facts, clientIdent }), null);
  });
});

/** Any 2048-bit modulus does here: only the encodings are looked at. */
function randomOddPrime(): Buffer {
  const group = createDiffieHellman(Buffer.from(modp2048, 'hex'), Buffer.of(2));
  return group.getPrime();
}

const modp2048 =
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437' +
  '4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05' +
  '98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b' +
  'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff';
