import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAccountName, parseJailName } from '../../../src/base/brands.js';
import { parseSubnet } from '../../../src/base/ip.js';
import { findCandidate } from '../../../src/broker/candidate.js';
import { judgeChains } from '../../../src/broker/method-chains.js';
import { JaildError } from '../../../src/errors/jaild-error.js';
import type { AccountLookup, AccountSource } from '../../../src/store/account-lookup.js';
import type { Account } from '../../../src/store/accounts.js';

const alice: Account = {
  name: parseAccountName('alice'),
  owner: 'user:root',
  state: 'active',
  created: '2026-01-01T00:00:00.000Z',
  keys: [],
  options: {},
};

function sourceOf(lookup: AccountLookup): AccountSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    find: (name) => {
      asked.push(name);
      return Promise.resolve(lookup);
    },
  };
}

const found = (account: Partial<Account>): AccountLookup => ({ outcome: 'found', account: { ...alice, ...account } });

describe('candidate', () => {
  it('is the account with its default jail, or with the jail that is named', async () => {
    const plain = await findCandidate(sourceOf(found({})), 'alice', '127.0.0.1', 0);
    assert.ok(plain.outcome === 'account' && plain.jail === 'alice');
    const chosen = await findCandidate(
      sourceOf(found({ defaultJail: parseJailName('alice+main') })),
      'alice',
      '127.0.0.1',
      0,
    );
    assert.ok(chosen.outcome === 'account' && chosen.jail === 'alice+main');
    const named = await findCandidate(sourceOf(found({})), 'alice+web', '127.0.0.1', 0);
    assert.ok(named.outcome === 'account' && named.jail === 'alice+web');
  });

  for (const name of [
    '',
    'x'.repeat(10_240),
    '../x',
    'a/b',
    '-o',
    'a\0b',
    'a\nb',
    '\u001b[2J',
    'Alice',
    'alice+',
    '+web',
    'alice+a+b',
    'alice+-x',
    'ali ce',
    'álice',
    'constructor()',
  ]) {
    it(`is nobody for ${JSON.stringify(name.slice(0, 20))} and asks no store (A19)`, async () => {
      const source = sourceOf(found({}));
      assert.deepEqual(await findCandidate(source, name, '127.0.0.1', 0), { outcome: 'nobody', why: 'not-a-name' });
      assert.deepEqual(source.asked, []);
    });
  }

  for (const name of ['__proto__', 'constructor', 'hasownproperty']) {
    it(`is a plain unknown for ${name} (A20)`, async () => {
      const candidate = await findCandidate(sourceOf({ outcome: 'unknown' }), name, '127.0.0.1', 0);
      assert.deepEqual(candidate, { outcome: 'nobody', why: 'unknown' });
    });
  }

  it('is nobody when locked, expired, or from elsewhere', async () => {
    const cases: readonly (readonly [Partial<Account>, string])[] = [
      [{ state: 'locked' }, 'locked'],
      [{ options: { expires: '2026-01-01T00:00:00.000Z' } }, 'expired'],
      [{ options: { from: [parseSubnet('10.0.0.0/8')] } }, 'source'],
    ];
    for (const [account, why] of cases) {
      const candidate = await findCandidate(
        sourceOf(found(account)),
        'alice',
        '127.0.0.1',
        Date.parse('2026-06-01T00:00:00Z'),
      );
      assert.deepEqual(candidate, { outcome: 'nobody', why });
    }
  });

  it('is unavailable when the store is broken, never nobody', async () => {
    const reason = new JaildError('record-damaged', 'x');
    const candidate = await findCandidate(sourceOf({ outcome: 'unavailable', reason }), 'alice', '127.0.0.1', 0);
    assert.deepEqual(candidate, { outcome: 'unavailable', reason });
  });
});

describe('method chains', () => {
  const withChains = (methods: NonNullable<Account['options']['methods']>): Account => ({
    ...alice,
    options: { methods },
  });

  it('are any one method when none is set', () => {
    assert.deepEqual(judgeChains(alice, ['password']), { isEnough: true, next: [] });
    assert.equal(judgeChains(alice, []).isEnough, false);
  });

  it('need all methods of one chain, in order', () => {
    const account = withChains([['publickey', 'password']]);
    assert.deepEqual(judgeChains(account, []), { isEnough: false, next: ['publickey'] });
    assert.deepEqual(judgeChains(account, ['publickey']), { isEnough: false, next: ['password'] });
    assert.equal(judgeChains(account, ['publickey', 'password']).isEnough, true);
    assert.deepEqual(judgeChains(account, ['password']), { isEnough: false, next: [] });
    assert.deepEqual(judgeChains(account, ['publickey', 'publickey']), { isEnough: false, next: [] });
  });

  it('accept the shorter of two', () => {
    const account = withChains([['publickey', 'password'], ['password']]);
    assert.equal(judgeChains(account, ['password']).isEnough, true);
    assert.equal(judgeChains(account, ['publickey']).isEnough, false);
  });
});
