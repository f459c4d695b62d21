import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildPayload, WireError, WireReader } from '../../../../src/worker/ssh2/wire.js';

describe('SSH wire types', () => {
  it('reads back what was built', () => {
    const property = fc.property(
      fc.nat(0xffffffff),
      fc.boolean(),
      fc.uint8Array({ maxLength: 300 }),
      (n, flag, bytes) => {
        const reader = new WireReader(buildPayload(99, n, flag, Buffer.from(bytes), { raw: Buffer.from('rest') }));
        assert.equal(reader.byte(), 99);
        assert.equal(reader.uint32(), n);
        assert.equal(reader.boolean(), flag);
        assert.deepEqual(reader.string(), Buffer.from(bytes));
        assert.equal(reader.rest().toString(), 'rest');
      },
    );
    fc.assert(property);
  });

  it('refuses every message that is cut off', () => {
    const payload = buildPayload(1, 7, 'text', true);
    for (let length = 0; length < payload.length; length += 1) {
      const reader = new WireReader(payload.subarray(0, length));
      assert.throws(() => [reader.byte(), reader.uint32(), reader.text(), reader.boolean()], WireError);
    }
  });

  it('refuses a length that points behind the message', () => {
    assert.throws(() => new WireReader(Buffer.from([0xff, 0xff, 0xff, 0xff, 1])).string(), WireError);
  });
});
