import assert from 'node:assert/strict';
import { it } from 'node:test';
import { libraryChecks } from '../../../src/worker/self-check/library-checks.js';
import { ciphers, keyExchanges, macs } from '../../../src/worker/ssh2/algorithms.js';

it('every offered algorithm takes part in a handshake of the self-checks', () => {
  const names = libraryChecks.map(({ name }) => name);
  for (const offered of [...keyExchanges, ...ciphers])
    assert.ok(
      names.some((name) => name.split(' ').includes(offered)),
      offered,
    );
  for (const mac of macs)
    assert.ok(
      names.some((name) => name.includes('-ctr') && name.endsWith(` ${mac}`)),
      mac,
    );
});
