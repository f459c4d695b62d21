import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addon } from '../../../src/base/addon.js';
import { estimateHashCost } from '../../../src/broker/hash-cost.js';
import { hashPassword, PasswordChecker } from '../../../src/broker/passwords.js';
import { configFrom } from '../../../src/config/load.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';

const { auth } = configFrom('/nonexistent/jaild.ini', []);
const secret = (text: string): Buffer => Buffer.from(text);

async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; ms: number }> {
  const begun = performance.now();
  const value = await work;
  return { value, ms: performance.now() - begun };
}

describe('password check', () => {
  for (const prefix of ['$y$', '$gy$', '$7$', '$2b$', '$6$', '$5$', '$1$', '$md5', '$sha1']) {
    it(`knows crypt kind ${prefix}`, async () => {
      const checker = await PasswordChecker.create(auth);
      const hash = await addon.crypt(secret('right'), addon.cryptGensalt(prefix, 0));
      assert.ok(hash !== null);
      assert.equal(await checker.check(secret('right'), hash), 'right');
      assert.equal(await checker.check(secret('wrong'), hash), 'wrong');
    });
  }

  it('makes yescrypt hashes that verify', async () => {
    const hash = await hashPassword(secret('one'), 'yescrypt');
    assert.match(hash, /^\$y\$/);
    const checker = await PasswordChecker.create(auth);
    assert.equal(await checker.check(secret('one'), hash), 'right');
  });

  it('refuses passwords that nobody could log in with', async () => {
    for (const bad of ['', 'a\0b', 'x'.repeat(513)]) {
      await assert.rejects(hashPassword(secret(bad), 'yescrypt'), (error) => isJaildError(error, 'usage'));
    }
  });

  it('works as hard for an account without a hash as for a wrong password', async () => {
    const checker = await PasswordChecker.create(auth);
    const own = await hashPassword(secret('right'), 'yescrypt');
    const imported = await addon.crypt(secret('right'), addon.cryptGensalt('$6$', 0));
    /** Noise only adds: the least of several runs is what the work takes. */
    const leastMs = async (hash: string | undefined): Promise<number> => {
      const runs: number[] = [];
      for (let run = 0; run < 5; run += 1) {
        const { value, ms } = await timed(checker.check(secret('wrong'), hash));
        assert.equal(value, 'wrong');
        runs.push(ms);
      }
      return Math.min(...runs);
    };
    const wrongMs = await leastMs(own);
    for (const hash of [undefined, imported ?? '', '!', '*', '', 'garbage', `!${own}`]) {
      const ms = await leastMs(hash);
      assert.ok(ms > wrongMs / 2, `${String(hash).slice(0, 4)} took ${ms} ms, a wrong password ${wrongMs} ms`);
    }
  });

  it('never accepts a locked or empty hash', async () => {
    const checker = await PasswordChecker.create(auth);
    for (const hash of ['', '!', '*', '*0', '*1', 'x']) {
      for (const typed of ['', '!', '*', 'x', '*0']) assert.equal(await checker.check(secret(typed), hash), 'wrong');
    }
  });

  it('refuses a password above 1 KiB before any work (A18)', async () => {
    const checker = await PasswordChecker.create(auth);
    const hash = await hashPassword(secret('right'), 'yescrypt');
    const { value, ms } = await timed(checker.check(Buffer.alloc(1 << 20, 0x61), hash));
    assert.equal(value, 'wrong');
    assert.ok(ms < 15, `it took ${ms} ms`);
  });

  it('refuses a hash that would hold a thread for minutes', async () => {
    const checker = await PasswordChecker.create(auth);
    for (const hash of [
      '$6$rounds=999999999$abcdefgh$x',
      '$2b$31$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '$y$jJT$abcdefgh$x',
      '$7$U6..../....abc$x',
    ]) {
      const { value, ms } = await timed(checker.check(secret('right'), hash));
      assert.equal(value, 'wrong');
      assert.ok(ms < 3000, `${hash.slice(0, 12)} took ${ms} ms`);
    }
  });

  it('says busy instead of queueing without end', async () => {
    const checker = await PasswordChecker.create({ ...auth, passwordHash: 'sha512' });
    const verdicts = await Promise.all(Array.from({ length: 200 }, () => checker.check(secret('x'), undefined)));
    const busy = verdicts.filter((verdict) => verdict === 'busy').length;
    assert.ok(busy > 0 && busy < 100, `${busy} were busy`);
    assert.equal(await checker.check(secret('x'), undefined), 'wrong');
  });
});

describe('hash cost', () => {
  it('is read from the setting', () => {
    assert.equal(estimateHashCost('$y$j9T$salt$hash').memoryBytes, 16 * 1024 * 1024);
    assert.equal(estimateHashCost('$7$C6..../....salt$hash').memoryBytes, 128 * 8 * 2 ** 14);
    assert.ok(estimateHashCost('$2b$12$x').timeMs < 1000);
    assert.ok(estimateHashCost('$2b$20$x').timeMs > 10_000);
    assert.ok(estimateHashCost('$6$rounds=5000$x').timeMs < 20);
    assert.ok(estimateHashCost('$5$rounds=99999999$x').timeMs > 2000);
    assert.ok(estimateHashCost('$6$salt$x').timeMs < 20);
    assert.equal(estimateHashCost('$y$jzT$salt$hash').timeMs, Number.POSITIVE_INFINITY);
  });
});
