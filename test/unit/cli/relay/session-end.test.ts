import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toEndStatus } from '../../../../src/cli/relay/session-end.js';

it('the exit status of a relayed session is the program’s own, or 128 and the signal', () => {
  assert.equal(toEndStatus({ how: 'exited', code: 0 }), 0);
  assert.equal(toEndStatus({ how: 'exited', code: 255 }), 255);
  for (const [signal, status] of [
    ['HUP', 129],
    ['INT', 130],
    ['KILL', 137],
    ['TERM', 143],
    ['RTMIN+1', 163],
    ['40', 168],
  ] as const) {
    assert.equal(toEndStatus({ how: 'signaled', signal }), status);
  }
  assert.equal(toEndStatus({ how: 'lost' }), 137, 'its jail was killed');
});
