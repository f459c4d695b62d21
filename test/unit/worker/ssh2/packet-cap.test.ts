import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { packetCapBytes, raisePacketCap, withRaisedPacketCap } from '../../../../src/worker/ssh2/packet-cap.js';

const require = createRequire(import.meta.url);

describe('the packet cap of ssh2', () => {
  it('is raised in the text of the pinned version, once', () => {
    const text = readFileSync(require.resolve('ssh2/lib/protocol/crypto.js'), 'utf8');
    const raised = raisePacketCap(text);
    assert.ok(raised.includes(`const MAX_PACKET_SIZE = ${packetCapBytes};`));
    assert.equal(raised.length - text.length, 1);
  });

  it('is not raised in a text that does not hold the line exactly once', () => {
    const line = 'const MAX_PACKET_SIZE = 35000;';
    assert.throws(() => raisePacketCap('nothing'), /0 times/);
    assert.throws(() => raisePacketCap(`${line}\n${line}`), /2 times/);
  });

  it('says so when the file had been compiled before', () => {
    assert.throws(() => withRaisedPacketCap('/no/such/file.js', () => undefined), /before its packet cap/);
  });
});
