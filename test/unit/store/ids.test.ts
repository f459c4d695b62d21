import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAbsolutePath, parseJailName } from '../../../src/base/brands.js';
import { parseSubnet } from '../../../src/base/ip.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { overlaps, parseSubordinateIds, planBase } from '../../../src/store/id-ranges.js';
import { IdAllocator } from '../../../src/store/ids.js';

const jailOf = (index: number) => parseJailName(`jail${index}`);

describe('planned base', () => {
  it('is aligned, in the pool, and touches nothing that is taken', () => {
    const range = fc.record({
      first: fc.integer({ min: 0, max: 2 ** 22 }),
      length: fc.integer({ min: 1, max: 2 ** 19 }),
    });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
        const taken = ranges.map(({ first, length }) => ({ first, last: first + length - 1, holder: 'x' }));
        const base = planBase(131_072, 2 ** 23, taken);
        if (base === undefined) return;
        assert.ok(base % 65_536 === 0 && base >= 131_072 && base <= 2 ** 23);
        assert.ok(!taken.some((other) => overlaps(other, { first: base, last: base + 65_535 })));
      }),
    );
  });

  it('is the lowest, and none when all is taken', () => {
    assert.equal(planBase(131_072, 2 ** 22, [{ first: 150_000, last: 150_000, holder: 'x' }]), 196_608);
    assert.equal(planBase(131_072, 196_608, [{ first: 0, last: 2 ** 30, holder: 'x' }]), undefined);
  });
});

describe('subordinate ids', () => {
  it('are read, and a line that is not understood is refused', () => {
    assert.deepEqual(parseSubordinateIds('# x\nalice:100000:65536\nbob:5:0\n', 'f'), [
      { first: 100_000, last: 165_535, holder: 'f:2' },
    ]);
    assert.throws(
      () => parseSubordinateIds('alice:x:1\n', 'f'),
      (error) => isJaildError(error, 'ids-conflict'),
    );
  });
});

describe('id allocator', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-ids-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function open(instance = 'one', { first = 0x0600_0000, count = 100, pool = '10.214.0.0/16' } = {}): IdAllocator {
    const stateDir = parseAbsolutePath(join(folder, instance));
    mkdirSync(stateDir, { recursive: true });
    const config = {
      server: { stateDir },
      jails: { firstBase: first, lastBase: first + (count - 1) * 65_536 },
      network: { pool: parseSubnet(pool) },
    };
    return new IdAllocator(config as never, {
      claimsDir: join(folder, 'claims'),
      subordinateFiles: [join(folder, 'subuid')],
    });
  }

  it('gives each jail a range of its own and the same one again', async () => {
    const bases = await Promise.all([1, 2, 3, 1].map((index) => open().allocate(jailOf(index))));
    assert.equal(new Set(bases).size, 3);
    assert.equal(bases[0], bases[3]);
    assert.equal((await open().list()).length, 3);
  });

  it('keeps out of what the host gave away', async () => {
    writeFileSync(join(folder, 'subuid'), `root:${0x0600_0000}:65537\n`);
    assert.equal(await open().allocate(jailOf(1)), 0x0600_0000 + 2 * 65_536);
  });

  it('keeps two instances of one host apart', async () => {
    const bases = [
      await open('one').allocate(jailOf(1)),
      await open('two').allocate(jailOf(1)),
      await open('one').allocate(jailOf(2)),
    ];
    assert.equal(new Set(bases).size, 3);
    rmSync(join(folder, 'one'), { recursive: true });
    assert.equal(await open('three').allocate(jailOf(9)), bases[0]);
  });

  it('gives a range back only when no file of it can remain', async () => {
    const base = await open().allocate(jailOf(1));
    mkdirSync(join(folder, 'one/jails/jail1'), { recursive: true });
    await assert.rejects(open().release(jailOf(1)), (error) => isJaildError(error, 'ids-conflict'));
    rmSync(join(folder, 'one/jails'), { recursive: true });
    await open().release(jailOf(1));
    await open().release(jailOf(1));
    assert.equal(await open().allocate(jailOf(2)), base);
  });

  it('says when the pool is used up', async () => {
    await open('one', { count: 1 }).allocate(jailOf(1));
    await assert.rejects(open('one', { count: 1 }).allocate(jailOf(2)), (error) =>
      isJaildError(error, 'ids-exhausted'),
    );
  });

  it('refuses an address pool that touches another instance', async () => {
    await open('one').claimInstance();
    await open('two').claimInstance();
    await assert.rejects(
      open('three', { pool: '10.214.128.0/24' }).claimInstance(),
      (error) => isJaildError(error, 'ids-conflict') && /another pool/.test(error.message),
    );
    await open('three', { pool: '10.99.0.0/24' }).claimInstance();
  });

  it('refuses to start when another instance uses its ids', async () => {
    await open('one').allocate(jailOf(1));
    mkdirSync(join(folder, 'copy'));
    writeFileSync(
      join(folder, 'copy/ids.ini'),
      `[ids]\nrange[] = ${0x0600_0000} jail1\n[record]\nkind = ids\nversion = 1\n`,
    );
    await assert.rejects(
      open('copy').claimInstance(),
      (error) => isJaildError(error, 'ids-conflict') && /also used by the instance in/.test(error.message),
    );
  });

  it('rebuilds a damaged file from the jails', async () => {
    writeFileSync(join(folder, 'subuid'), '');
    mkdirSync(join(folder, 'one/jails/alice'), { recursive: true });
    const record = `[jail]\nname=alice\naccount=alice\nowner=user:root\ncreated=2026-01-31T12:00:00.000Z\ntemplate=host\ntemplate_version=v1\nhostname=alice\nbase=${0x0600_0000}\nprofile=standard\nnetwork=nat\nlinger=none\nautostart=no\n[record]\nkind=jail\nversion=1\n`;
    writeFileSync(join(folder, 'one/jails/alice/jail.ini'), record);
    writeFileSync(join(folder, 'one/ids.ini'), '[ids]\nrange[] = 1006');
    assert.equal(await open().allocate(jailOf(1)), 0x0600_0000 + 65_536);
    assert.equal(await open().allocate(parseJailName('alice')), 0x0600_0000);
  });
});
