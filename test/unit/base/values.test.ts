import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BackOff } from '../../../src/base/back-off.js';
import {
  accountOfJail,
  isAccountName,
  isJailName,
  parseAbsolutePath,
  parseBaseId,
  parseHostName,
  parseHostUid,
  parseTemplateName,
} from '../../../src/base/brands.js';
import { formatByteSize, parseByteSize } from '../../../src/base/byte-size.js';
import { DeadlineError, pause, withDeadline } from '../../../src/base/deadline.js';
import { formatDurationMs, parseDurationMs } from '../../../src/base/duration.js';
import { InvalidValueError } from '../../../src/base/invalid-value.js';
import { isInSubnet, parseIpBytes, parseListenAddress, parseSubnet } from '../../../src/base/ip.js';
import { nearestName } from '../../../src/base/nearest.js';

describe('duration and size', () => {
  it('read what they write', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 31 - 1),
        (value) => parseDurationMs(formatDurationMs(value)) === value && parseByteSize(formatByteSize(value)) === value,
      ),
    );
  });

  it('know their units', () => {
    assert.deepEqual(
      ['0', '250ms', '30s', '1h30m', '2d'].map(parseDurationMs),
      [0, 250, 30_000, 5_400_000, 172_800_000],
    );
    assert.deepEqual(['7', '64K', '512M', '1.5G', '2GiB', '1t'].map(parseByteSize), [
      7,
      65_536,
      2 ** 29,
      1.5 * 2 ** 30,
      2 ** 31,
      2 ** 40,
    ]);
  });

  it('refuse everything else', () => {
    for (const text of [
      '',
      '30',
      '-1s',
      '1 s',
      's',
      '1e3s',
      '1w',
      '99999999999999s',
      `${'9'.repeat(12)}d${'9'.repeat(12)}d`,
    ]) {
      assert.throws(() => parseDurationMs(text), InvalidValueError, text);
    }
    for (const text of ['', 'M', '-1', '1X', '1.5.5M', '0x10', '999999999999999P'])
      assert.throws(() => parseByteSize(text), InvalidValueError, text);
  });
});

describe('names', () => {
  it('accept what the pattern says and nothing else', () => {
    for (const name of ['a', '_x', 'alice-2', 'a'.repeat(32)]) assert.ok(isAccountName(name), name);
    for (const name of ['', 'A', '1a', '-a', 'a.b', 'a+b', '../x', 'a'.repeat(33), 'a\n', 'ä', 'a/b'])
      assert.ok(!isAccountName(name), name);
    for (const name of ['alice', 'alice+web', 'a+1_-']) assert.ok(isJailName(name), name);
    for (const name of [
      'alice+',
      '+web',
      'alice+web+x',
      'alice+-w',
      'alice+Web',
      'alice+web\n',
      `alice+${'a'.repeat(32)}`,
    ])
      assert.ok(!isJailName(name), name);
  });

  it('give the account of a jail', () => {
    assert.ok(isJailName('alice+web'));
    assert.equal(accountOfJail('alice+web' as Parameters<typeof accountOfJail>[0]), 'alice');
  });

  it('of templates and hosts have no way out of a directory', () => {
    assert.equal(parseTemplateName('debian-12.1'), 'debian-12.1');
    for (const name of ['', '.', '..', 'a..b', '.a', 'a/b', 'A'])
      assert.throws(() => parseTemplateName(name), InvalidValueError, name);
    assert.equal(parseHostName('web-1.example'), 'web-1.example');
    for (const name of ['', '-a', 'a-', 'a..b', 'a_b', 'a'.repeat(64), 'A'])
      assert.throws(() => parseHostName(name), InvalidValueError, name);
  });
});

describe('ids and paths', () => {
  it('keep to their bounds', () => {
    assert.equal(parseHostUid('70000'), 70_000);
    for (const value of ['', '-1', '4294967295', '1.5', 'root', Number.NaN])
      assert.throws(() => parseHostUid(value), InvalidValueError);
    assert.equal(parseBaseId(0x0600_0000), 0x0600_0000);
    for (const value of [0, 65_536, 100_000, 131_073, 0x7fff_0000])
      assert.throws(() => parseBaseId(value), InvalidValueError);
  });

  it('are normalized', () => {
    assert.equal(parseAbsolutePath('//a/./b/../c/'), '/a/c');
    for (const path of ['', 'a', './a', '/a\0b']) assert.throws(() => parseAbsolutePath(path), InvalidValueError);
  });
});

describe('addresses', () => {
  it('to listen on take a port alone or with a host', () => {
    assert.deepEqual(parseListenAddress('22'), { host: '::', port: 22 });
    assert.deepEqual(parseListenAddress('*:0'), { host: '::', port: 0 });
    assert.deepEqual(parseListenAddress('127.0.0.1:2222'), { host: '127.0.0.1', port: 2222 });
    assert.deepEqual(parseListenAddress('[::1]:22'), { host: '::1', port: 22 });
    for (const text of [
      '',
      ':22',
      '::1',
      '::1:22',
      '127.0.0.1',
      '127.0.0.1:',
      '1.2.3:22',
      '127.0.0.1:65536',
      'localhost:22',
    ]) {
      assert.throws(() => parseListenAddress(text), InvalidValueError, text);
    }
  });

  it('become bytes in every spelling', () => {
    assert.deepEqual([...parseIpBytes('::ffff:10.1.2.3')], [10, 1, 2, 3]);
    assert.deepEqual([...parseIpBytes('fd00::1')], [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert.deepEqual([...parseIpBytes('64:ff9b::1.2.3.4')].slice(12), [1, 2, 3, 4]);
    fc.assert(fc.property(fc.ipV6(), (address) => [4, 16].includes(parseIpBytes(address).length)));
    assert.throws(() => parseIpBytes('1.2.3'), InvalidValueError);
  });

  it('are in a subnet or not', () => {
    const subnet = parseSubnet('10.214.0.0/16');
    assert.ok(isInSubnet(parseIpBytes('10.214.255.1'), subnet));
    assert.ok(!isInSubnet(parseIpBytes('10.215.0.1'), subnet));
    assert.ok(!isInSubnet(parseIpBytes('::1'), subnet));
    for (const text of ['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', 'x/8'])
      assert.throws(() => parseSubnet(text), InvalidValueError, text);
  });
});

describe('waiting', () => {
  it('ends at the deadline and says for what', async () => {
    await assert.rejects(
      withDeadline(new Promise(() => undefined), 5, 'the answer'),
      (error) => error instanceof DeadlineError && /the answer/.test(error.message),
    );
    assert.equal(await withDeadline(Promise.resolve(4), 1000, 'it'), 4);
  });

  it('ends early when aborted', async () => {
    const stop = new AbortController();
    const waiting = pause(60_000, stop.signal);
    stop.abort();
    await waiting;
    await pause(60_000, stop.signal);
  });

  it('grows with failures and falls back after calm', () => {
    let now = 0;
    const backOff = new BackOff({ firstMs: 100, lastMs: 1000, calmMs: 5000, now: () => now });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => backOff.next()),
      [100, 200, 400, 800, 1000],
    );
    now = 6000;
    assert.equal(backOff.next(), 100);
  });
});

describe('nearest name', () => {
  it('finds a slip of the finger and no far-fetched word', () => {
    assert.equal(nearestName('grace_tme', ['grace_time', 'ident_time']), 'grace_time');
    assert.equal(nearestName('zzzzzz', ['grace_time', 'uid']), undefined);
  });
});
