import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseWorkerLine } from '../../../src/broker/worker-log-line.js';

describe('line of a worker', () => {
  it('keeps its own event and ids, and everything else as untrusted', () => {
    const line = JSON.stringify({
      level: 'warn',
      role: 'broker',
      pid: 1,
      event: 'session.failed',
      connection: 'ab12',
      error: { code: 'x' },
      untrusted: { a: 1 },
    });
    assert.deepEqual(parseWorkerLine(line), {
      event: 'session.failed',
      ids: { connection: 'ab12' },
      untrusted: { error: '{"code":"x"}', a: 1 },
    });
  });

  for (const line of [
    'text',
    '[]',
    'null',
    '{"event":"auth.accepted","account":"root"}',
    '{"event":"constructor"}',
    '{"event":["x"]}',
    '{',
  ]) {
    it(`cannot forge another's event: ${line}`, () => {
      assert.deepEqual(parseWorkerLine(line), { event: 'worker.said', ids: {}, untrusted: { line } });
    });
  }

  it('cannot bring ids or names that are none', () => {
    const { ids, untrusted } = parseWorkerLine(
      JSON.stringify({ event: 'connection.ended', connection: 'x"y', __proto__x: 1, 'a b': 2 }),
    );
    assert.deepEqual([ids, untrusted], [{}, {}]);
  });
});
