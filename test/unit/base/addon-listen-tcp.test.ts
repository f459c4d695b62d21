import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { addon } from '../../../src/base/addon.js';

function errnoOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

describe('listenTcp', () => {
  it('accepts a connection and says both of its ends', async () => {
    const { fd, port } = addon.listenTcp('127.0.0.1', 0, 8);
    try {
      assert.equal(addon.accept(fd), null);
      const client = connect(port, '127.0.0.1');
      await once(client, 'connect');
      const accepted = addon.accept(fd);
      assert.ok(accepted);
      assert.deepEqual([accepted.family, accepted.address, accepted.port], ['IPv4', '127.0.0.1', client.localPort]);
      assert.deepEqual([accepted.localAddress, accepted.localPort], ['127.0.0.1', port]);
      addon.close(accepted.fd);
      client.destroy();
    } finally {
      addon.close(fd);
    }
  });

  it('says which port is taken and which address is none', () => {
    const { fd, port } = addon.listenTcp('127.0.0.1', 0, 8);
    assert.equal(
      errnoOf(() => addon.listenTcp('127.0.0.1', port, 8)),
      'EADDRINUSE',
    );
    addon.close(fd);
    addon.close(addon.listenTcp('127.0.0.1', port, 8).fd);
    assert.equal(
      errnoOf(() => addon.listenTcp('localhost', 0, 8)),
      'EINVAL',
    );
    assert.equal(
      errnoOf(() => addon.listenTcp('192.0.2.1', 0, 8)),
      'EADDRNOTAVAIL',
    );
  });
});
