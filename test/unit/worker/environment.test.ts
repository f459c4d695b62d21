import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnvironmentCapture } from '../../../src/worker/environment.js';

function add(capture: EnvironmentCapture, name: string, value: string | Buffer = 'x'): boolean {
  return capture.add(Buffer.from(name), Buffer.from(value));
}

describe('the variables of a session', () => {
  it('are those of the allow-list', () => {
    const capture = new EnvironmentCapture(['LANG', 'LC_*', 'A?']);
    for (const name of ['LANG', 'LC_ALL', 'AB']) assert.ok(add(capture, name), name);
    for (const name of ['LANGUAGE', 'XLANG', 'LD_PRELOAD', 'PATH', 'ABC', ''])
      assert.equal(add(capture, name), false, name);
  });

  it('have names that are names, whatever the list allows', () => {
    const capture = new EnvironmentCapture(['*']);
    for (const name of ['A=B', 'A\0B', 'A\nB', '--split-string', '1A', 'A'.repeat(200)])
      assert.equal(add(capture, name), false, name);
  });

  it('keep their bytes', () => {
    const capture = new EnvironmentCapture(['A']);
    const value = Buffer.from([0xff, 0x0a, 0x80]);
    assert.ok(capture.add(Buffer.from('A'), value));
    assert.deepEqual(capture.toQuestion(), [['A', value.toString('base64')]]);
    assert.equal(add(capture, 'A', Buffer.from([1, 0, 2])), false);
  });

  it('are bounded in number and size', () => {
    const capture = new EnvironmentCapture(['*']);
    let taken = 0;
    for (let count = 0; count < 1_000; count += 1) taken += add(capture, `V${count}`) ? 1 : 0;
    assert.equal(taken, 64);
    assert.equal(add(new EnvironmentCapture(['*']), 'BIG', 'x'.repeat(40_000)), false);
  });
});
