import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildPayload, WireError } from '../../../src/worker/ssh2/wire.js';
import { parseTerminalRequest, parseWindowChange } from '../../../src/worker/terminal-request.js';

function body(term: string, sides: readonly number[], modes: Buffer): Buffer {
  return buildPayload(0, term, ...sides, modes).subarray(1);
}

const sides = [80, 24, 0, 0];

describe('a pty-req', () => {
  it('gives every mode that the client sent, large values too', () => {
    const modes = Buffer.from([53, 0, 0, 0, 0, 3, 0x80, 0, 0, 1, 129, 0, 0, 0x96, 0, 0]);
    const request = parseTerminalRequest(body('xterm-256color', sides, modes));
    assert.deepEqual(request.modes, [
      [53, 0],
      [3, 0x80000001],
      [129, 38_400],
    ]);
    assert.equal(request.term, 'xterm-256color');
  });

  it('stops at an opcode without an argument', () => {
    assert.deepEqual(parseTerminalRequest(body('xterm', sides, Buffer.from([160, 1, 2]))).modes, []);
  });

  it('refuses a mode that is cut off', () => {
    assert.throws(() => parseTerminalRequest(body('xterm', sides, Buffer.from([53, 0, 0]))), WireError);
  });

  it('replaces names that are no plain words', () => {
    for (const name of ['', '../../etc', 'a\nb', '\u001b[2J', 'x'.repeat(10_000)]) {
      assert.equal(parseTerminalRequest(body(name, sides, Buffer.of(0))).term, 'dumb');
    }
  });

  it('cuts sizes to what a terminal can hold', () => {
    const size = parseWindowChange(buildPayload(0, 65_536, 2 ** 32 - 1, 0, 65_535).subarray(1));
    assert.deepEqual(size, { columns: 65_535, rows: 65_535, widthPixels: 0, heightPixels: 65_535 });
  });
});
