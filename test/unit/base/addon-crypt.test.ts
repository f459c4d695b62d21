import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addon } from '../../../src/base/addon.js';

/** Published vectors, each confirmed by an implementation other than libcrypt's where the machine has one (`openssl passwd`). */
const vectors: readonly [kind: string, secret: string, hash: string][] = [
  ['traditional DES', 'foob', 'arlEKn0OzVJn.'],
  ['MD5', 'password', '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'],
  ['bcrypt', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['SHA-256', 'Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  [
    'SHA-512',
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
];

describe('crypt', () => {
  for (const [kind, secret, hash] of vectors) {
    test(`gives the published hash for ${kind}`, async () => {
      assert.equal(await addon.crypt(Buffer.from(secret), hash), hash);
      assert.notEqual(await addon.crypt(Buffer.from(`${secret.slice(0, -1)}#`), hash), hash);
    });
  }

  for (const [prefix, cost] of [
    ['$y$', 1],
    ['$gy$', 1],
    ['$7$', 6],
    ['$2b$', 4],
    ['$6$', 1000],
    ['$5$', 1000],
    ['$1$', 0],
    ['', 0],
  ] as const) {
    test(`makes and checks a salt of kind ${prefix || 'traditional DES'}`, async () => {
      const salt = addon.cryptGensalt(prefix, cost);
      assert.ok(salt.startsWith(prefix));
      assert.notEqual(addon.cryptGensalt(prefix, cost), salt);
      const hash = await addon.crypt(Buffer.from('pässword'), salt);
      assert.ok(hash !== null && hash.length > salt.length);
      assert.equal(await addon.crypt(Buffer.from('pässword'), hash), hash);
      assert.notEqual(await addon.crypt(Buffer.from('passwore'), hash), hash);
    });
  }

  test('is null for a setting or a secret that the library does not take', async () => {
    const good = '$6$saltstring';
    for (const setting of ['', '*', '!', '*0', 'x', '$99$x', '$y$', '!$6$saltstring', '$6$salt\nx', 'a:'])
      assert.equal(await addon.crypt(Buffer.from('x'), setting), null, setting);
    assert.equal(await addon.crypt(Buffer.from('a\0b'), good), null);
    assert.equal(await addon.crypt(Buffer.alloc(600, 'a'), good), null);
    assert.equal(typeof (await addon.crypt(Buffer.alloc(0), good)), 'string');
  });

  test('refuses a salt of an unknown kind', () => {
    assert.throws(() => addon.cryptGensalt('$99$', 0), { code: 'EINVAL' });
    assert.throws(() => addon.cryptGensalt('$2b$', 77), { code: 'EINVAL' });
  });

  test('leaves the event loop free', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await addon.crypt(Buffer.from('x'), addon.cryptGensalt('$2b$', 11));
    clearInterval(timer);
    assert.ok(turns > 3, `${turns}`);
  });
});
