import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildExitRequest, type SessionEnd } from '../../../src/worker/exit-status.js';
import { WireReader } from '../../../src/worker/ssh2/wire.js';

function read(end: SessionEnd): unknown[] {
  const reader = new WireReader(buildExitRequest(7, end), 1);
  const [recipient, type, wantsReply] = [reader.uint32(), reader.text(), reader.boolean()];
  return [recipient, wantsReply, type, type === 'exit-status' ? reader.uint32() : reader.text()];
}

describe('the end of a program on the wire', () => {
  it('is its exact status', () => {
    for (const code of [0, 1, 127, 255])
      assert.deepEqual(read({ how: 'exited', code }), [7, false, 'exit-status', code]);
  });

  it('is the name of a signal that has one', () => {
    for (const signal of ['TERM', 'KILL', 'SEGV', 'USR2']) {
      assert.deepEqual(read({ how: 'signaled', signal, coreDumped: false }), [7, false, 'exit-signal', signal]);
    }
  });

  it('is 128 and its number for others', () => {
    for (const [signal, code] of [
      ['XCPU', 152],
      ['BUS', 135],
      ['RTMIN+3', 165],
      ['SYS', 159],
    ] as const) {
      assert.deepEqual(read({ how: 'signaled', signal, coreDumped: false }), [7, false, 'exit-status', code]);
    }
  });
});
