import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countIncomplete } from '../../support/door-peer/integrity.js';

// fixtures/run-integrity.js runs the same as often as one likes.
const rounds = 4;

it('600 kB and an exit right behind them arrive whole, with fast, slow and stalled readers', async () => {
  const { runs, incomplete } = await countIncomplete(rounds);
  assert.equal(runs, rounds * 6);
  assert.deepEqual(incomplete, []);
});
