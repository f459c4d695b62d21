import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadStream } from 'node:tty';
import { addon } from '../../../../src/base/addon.js';
import { wrapMaster } from '../../../../src/worker/pty/wrap-master.js';

describe('a terminal master in node-pty’s hands', () => {
  it('is the very descriptor, with its size', () => {
    const { master, slave } = addon.openPty();
    const wrapped = wrapMaster(master, 80, 24);
    wrapped.resize(123, 45);
    const stream = new ReadStream(slave) as ReadStream & { _handle: { getWindowSize(size: number[]): void } };
    const size: number[] = [];
    stream._handle.getWindowSize(size);
    stream.destroy();
    wrapped.close();
    assert.deepEqual([wrapped.fd, ...size], [master, 123, 45]);
  });

  it('leaves what it borrowed as it was', () => {
    const before = ReadStream;
    const { master, slave } = addon.openPty();
    wrapMaster(master, 80, 24).close();
    addon.close(slave);
    assert.equal(ReadStream, before);
    assert.ok(new ReadStream(addon.openPty().master).destroy());
  });
});
