import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SftpFeeder } from '../../../src/worker/sftp-feeder.js';

function frame(bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(4 + bodyBytes, 7);
  bytes.writeUInt32BE(bodyBytes, 0);
  return bytes;
}

function makeFeeder() {
  const seen = { bytes: 0, ended: false, malformed: 0 };
  const input = {
    write: (data: Buffer) => {
      seen.bytes += data.length;
    },
    end: () => {
      seen.ended = true;
    },
  };
  return { seen, feeder: new SftpFeeder({ input, malformed: () => (seen.malformed += 1) }) };
}

describe('the SFTP feeder', () => {
  it('lets requests through while few are unanswered', () => {
    const { seen, feeder } = makeFeeder();
    for (let count = 0; count < 100; count += 1) feeder.data(frame(4_096));
    assert.ok(seen.bytes <= 128 * 1024 && seen.bytes > 120 * 1024, `${seen.bytes}`);
    for (let count = 0; count < 100; count += 1) feeder.observeReplies(frame(20));
    assert.equal(seen.bytes, 100 * 4_100);
  });

  it('lets a request larger than the bound through alone', () => {
    const { seen, feeder } = makeFeeder();
    feeder.data(frame(200_000));
    feeder.data(frame(10));
    assert.equal(seen.bytes, 200_004);
    feeder.observeReplies(frame(20));
    assert.equal(seen.bytes, 200_018);
  });

  it('takes frames in any pieces', () => {
    const { seen, feeder } = makeFeeder();
    const bytes = Buffer.concat([frame(5), frame(9)]);
    for (const byte of bytes) feeder.data(Buffer.of(byte));
    assert.equal(seen.bytes, bytes.length);
  });

  it('holds the end of file back until all replies are out', () => {
    const { seen, feeder } = makeFeeder();
    feeder.data(Buffer.concat([frame(5), frame(5)]));
    feeder.eof();
    const replies = Buffer.concat([frame(3), frame(3)]);
    feeder.observeReplies(replies.subarray(0, 10));
    assert.equal(seen.ended, false);
    feeder.observeReplies(replies.subarray(10));
    assert.equal(seen.ended, true);
  });

  it('does not wait for a request whose rest never comes', () => {
    const { seen, feeder } = makeFeeder();
    feeder.data(frame(50).subarray(0, 20));
    feeder.eof();
    assert.equal(seen.ended, true);
  });

  it('calls lengths that no frame has malformed, once', () => {
    for (const length of [0, 300_000, 2 ** 32 - 1]) {
      const { seen, feeder } = makeFeeder();
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(length, 0);
      feeder.data(bytes);
      feeder.data(bytes);
      assert.equal(seen.malformed, 1);
    }
  });
});
