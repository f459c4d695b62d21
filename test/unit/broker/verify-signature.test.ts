import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { InvalidValueError } from '../../../src/base/invalid-value.js';
import { parseUserKey } from '../../../src/broker/user-keys.js';
import { buildSignedBlob, type SignedLogin, verifyLogin } from '../../../src/broker/verify-signature.js';
import { makeTestKey, signAs, wireString } from './ssh-keys.js';

const kinds: readonly (readonly [args: readonly string[], algorithms: readonly string[]])[] = [
  [['-t', 'ed25519'], ['ssh-ed25519']],
  [['-t', 'ecdsa', '-b', '256'], ['ecdsa-sha2-nistp256']],
  [['-t', 'ecdsa', '-b', '384'], ['ecdsa-sha2-nistp384']],
  [['-t', 'ecdsa', '-b', '521'], ['ecdsa-sha2-nistp521']],
  [
    ['-t', 'rsa', '-b', '2048'],
    ['rsa-sha2-256', 'rsa-sha2-512'],
  ],
];

describe('login signature', () => {
  for (const [args, algorithms] of kinds) {
    const made = makeTestKey(args);
    for (const algorithm of algorithms) {
      const login: SignedLogin = {
        sessionId: randomBytes(32),
        user: 'alice',
        service: 'ssh-connection',
        algorithm,
        key: parseUserKey(made.blob, 2048),
      };
      const signature = signAs(made, algorithm, buildSignedBlob(login));

      it(`of ${algorithm} is good for its own login only`, async () => {
        assert.equal(await verifyLogin(login, signature), true);
        const others: Partial<SignedLogin>[] = [
          { sessionId: randomBytes(32) }, // A05: replayed from another connection
          { user: 'bob' }, // A06
          { service: 'ssh-userauth' },
          { key: parseUserKey(makeTestKey(args).blob, 2048) },
        ];
        for (const other of others)
          assert.equal(await verifyLogin({ ...login, ...other }, signature), false, JSON.stringify(Object.keys(other)));
      });

      it(`of ${algorithm} is refused when any octet is another`, async () => {
        for (let at = 0; at < signature.length; at += 7) {
          const changed = Buffer.from(signature);
          changed[at] = (changed[at] ?? 0) ^ 0x40;
          assert.equal(await verifyLogin(login, changed), false, `octet ${at}`);
        }
        assert.equal(await verifyLogin(login, signature.subarray(0, -1)), false);
        assert.equal(await verifyLogin(login, Buffer.concat([signature, Buffer.of(0)])), false);
        assert.equal(await verifyLogin(login, Buffer.alloc(0)), false);
      });
    }
  }

  it('with SHA-1 is refused (A09)', async () => {
    const made = makeTestKey(['-t', 'rsa', '-b', '2048']);
    const login: SignedLogin = {
      sessionId: randomBytes(32),
      user: 'alice',
      service: 'ssh-connection',
      algorithm: 'ssh-rsa',
      key: parseUserKey(made.blob, 2048),
    };
    assert.equal(await verifyLogin(login, signAs(made, 'ssh-rsa', buildSignedBlob(login))), false);
  });

  it('covers the blob of RFC 4252 section 7', () => {
    const made = makeTestKey(['-t', 'ed25519']);
    const sessionId = randomBytes(32);
    const login = {
      sessionId,
      user: 'alice',
      service: 'ssh-connection',
      algorithm: 'ssh-ed25519',
      key: parseUserKey(made.blob, 2048),
    };
    const expected = Buffer.concat([
      wireString(sessionId),
      Buffer.of(50),
      wireString('alice'),
      wireString('ssh-connection'),
      wireString('publickey'),
      Buffer.of(1),
      wireString('ssh-ed25519'),
      wireString(made.blob),
    ]);
    assert.deepEqual(buildSignedBlob(login), expected);
  });
});

function rsaBlob(exponent: Buffer, modulus: Buffer): Buffer {
  return Buffer.concat([wireString('ssh-rsa'), wireString(exponent), wireString(modulus)]);
}

describe('user key', () => {
  const odd = (bits: number): Buffer => {
    const modulus = randomBytes(bits / 8);
    modulus[0] = 0x80 | (modulus[0] ?? 0);
    modulus[modulus.length - 1] = 1 | (modulus.at(-1) ?? 0);
    return Buffer.concat([Buffer.of(0), modulus]);
  };
  const e = Buffer.of(1, 0, 1);
  const refused: Readonly<Record<string, Buffer>> = {
    'of 1024 bits (A11)': rsaBlob(e, odd(1024)),
    'of 16384 bits (A26)': rsaBlob(e, odd(16_384)),
    'with a huge exponent (A26)': rsaBlob(Buffer.concat([Buffer.of(1), randomBytes(300)]), odd(2048)),
    'with an even exponent': rsaBlob(Buffer.of(1, 0, 0), odd(2048)),
    'with exponent 1': rsaBlob(Buffer.of(1), odd(2048)),
    'with a negative modulus': rsaBlob(e, odd(2048).subarray(1)),
    'with a padded exponent': rsaBlob(Buffer.of(0, 1, 0, 1), odd(2048)),
    'with no exponent': rsaBlob(Buffer.alloc(0), odd(2048)),
    'with bytes behind it': Buffer.concat([rsaBlob(e, odd(2048)), Buffer.of(0)]),
    'of DSA (A11)': wireString('ssh-dss'),
    'that is a certificate': Buffer.concat([
      wireString('ssh-ed25519-cert-v01@openssh.com'),
      wireString(randomBytes(32)),
      wireString(randomBytes(32)),
    ]),
    'of a security key': wireString('sk-ssh-ed25519@openssh.com'),
    'of type __proto__': wireString('__proto__'),
    'of 31 octets': Buffer.concat([wireString('ssh-ed25519'), wireString(randomBytes(31))]),
    'off the curve': Buffer.concat([
      wireString('ecdsa-sha2-nistp256'),
      wireString('nistp256'),
      wireString(Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])),
    ]),
    'of two curves': Buffer.concat([
      wireString('ecdsa-sha2-nistp256'),
      wireString('nistp384'),
      wireString(Buffer.alloc(65, 4)),
    ]),
    'with a compressed point': Buffer.concat([
      wireString('ecdsa-sha2-nistp256'),
      wireString('nistp256'),
      wireString(Buffer.alloc(33, 2)),
    ]),
    'that is cut off': wireString('ssh-ed25519').subarray(0, 9),
    'that is empty': Buffer.alloc(0),
  };
  for (const [what, blob] of Object.entries(refused)) {
    it(`${what} is refused`, () => {
      assert.throws(() => parseUserKey(blob, 2048), InvalidValueError);
    });
  }

  it('of 8192 bits is accepted, of 8200 not', () => {
    assert.equal(parseUserKey(rsaBlob(e, odd(8192)), 2048).size, 1024);
    assert.throws(() => parseUserKey(rsaBlob(e, odd(8200)), 2048), /8200 bits is too long/);
  });
});
