import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { encodeFrame, FrameDecoder, maxFrameDescriptors, parseBody } from '../../../src/privsep/frame.js';

const limit = 64 * 1024;

function feedAll(chunks: readonly Buffer[], fds: readonly number[] = []): Record<string, unknown>[] {
  const decoder = new FrameDecoder(limit);
  return chunks.flatMap((chunk, index) =>
    [...decoder.feed(chunk, index === 0 ? fds : [])].map(({ message }) => ({ ...message })),
  );
}

function rawFrame(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

describe('frame', () => {
  it('comes back equal however the stream is cut', () => {
    const message = fc.record(
      { id: fc.nat(), text: fc.string(), list: fc.array(fc.integer()) },
      { noNullPrototype: true },
    );
    const messages = fc.array(message, { maxLength: 5 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map((message) => encodeFrame(message)));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(feedAll(chunks), sent);
      }),
    );
  });

  it('is refused by its length before its body comes', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(limit + 1);
    assert.throws(
      () => feedAll([head]),
      (error) => isJaildError(error, 'door-oversized'),
    );
    head.writeUInt32BE(0xffff_ffff);
    assert.throws(
      () => feedAll([head]),
      (error) => isJaildError(error, 'door-oversized'),
    );
  });

  it('is not made larger than the limit', () => {
    assert.throws(
      () => encodeFrame({ text: 'x'.repeat(100) }, 0, 50),
      (error) => isJaildError(error, 'door-oversized'),
    );
  });

  for (const [name, body] of Object.entries({
    'no JSON': '{"v":1',
    'no object': '[1]',
    null: 'null',
    'no version': '{}',
    'a version of text': '{"v":"1"}',
    'version 0': '{"v":0}',
    'no UTF-8': Buffer.from([0x7b, 0xff, 0x7d]),
    'nothing at all': '',
    'a count that is no number': '{"v":1,"fds":"1"}',
    'a negative count': '{"v":1,"fds":-1}',
    'a huge count': '{"v":1,"fds":1e9}',
  })) {
    it(`is malformed with ${name}`, () => {
      assert.throws(
        () => feedAll([rawFrame(body)]),
        (error) => isJaildError(error, 'door-malformed'),
      );
    });
  }

  it('of a later version is refused in words', () => {
    assert.throws(() => parseBody(Buffer.from('{"v":2}')), /version 2 of the door is newer than 1/);
  });

  it('gets the descriptors that it claims, in order', () => {
    const decoder = new FrameDecoder(limit);
    const stream = Buffer.concat([encodeFrame({ n: 1 }, 2), encodeFrame({ n: 2 }), encodeFrame({ n: 3 }, 1)]);
    const frames = [...decoder.feed(stream, [10, 11, 12])];
    assert.deepEqual(
      frames.map(({ fds }) => [...fds]),
      [[10, 11], [], [12]],
    );
    assert.deepEqual(decoder.takeDescriptors(), []);
  });

  it('may not claim descriptors that did not come', () => {
    const decoder = new FrameDecoder(limit);
    assert.throws(
      () => [...decoder.feed(encodeFrame({}, 2), [10])],
      (error) => isJaildError(error, 'door-malformed'),
    );
    assert.deepEqual(decoder.takeDescriptors(), [10]);
  });

  it('may not bring descriptors that nobody claims', () => {
    const decoder = new FrameDecoder(limit);
    assert.throws(
      () => [...decoder.feed(encodeFrame({}), [10])],
      (error) => isJaildError(error, 'door-malformed'),
    );
    const many = Array.from({ length: 4 * maxFrameDescriptors + 1 }, (_, index) => index);
    const other = new FrameDecoder(limit);
    assert.throws(
      () => [...other.feed(Buffer.from([0]), many)],
      (error) => isJaildError(error, 'door-malformed'),
    );
    assert.equal(other.takeDescriptors().length, many.length);
  });

  it('never makes the decoder throw anything but a fault of ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          feedAll([Buffer.from(bytes)]);
        } catch (error) {
          assert.ok(isJaildError(error, 'door-malformed', 'door-oversized', 'door-version'));
        }
      }),
    );
  });
});
