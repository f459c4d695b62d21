import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSelfChecks } from '../../../src/worker/self-check/run.js';
import { loadLibrary } from '../../../src/worker/ssh2/library.js';

describe('the self-checks of a worker', () => {
  it('hold for the libraries as they are installed', async () => {
    const { failed } = await runSelfChecks();
    assert.deepEqual(failed, []);
  });

  it('notice when a correction is taken back', async () => {
    const { messageTable } = loadLibrary();
    const ours = messageTable[98];
    messageTable[98] = () => undefined;
    try {
      const { failed } = await runSelfChecks();
      assert.deepEqual(
        failed.map(({ name }) => name),
        ['the message table belongs to us'],
      );
    } finally {
      messageTable[98] = ours;
    }
  });
});
