import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseListen, parseTarget } from '../../../src/worker/forward-target.js';
import { buildPayload } from '../../../src/worker/ssh2/wire.js';

function direct(host: string, port: number): Buffer {
  return buildPayload(0, host, port, '127.0.0.1', 4_000).subarray(1);
}

describe('where a forward goes', () => {
  it('is host and port as the client spells them', () => {
    const origin = { originHost: '127.0.0.1', originPort: 4_000 };
    assert.deepEqual(parseTarget('direct-tcpip', direct('localhost', 80)), {
      kind: 'tcp',
      host: 'localhost',
      port: 80,
      ...origin,
    });
  });

  it('is nothing for what no address can be', () => {
    for (const [host, port] of [
      ['x', 0],
      ['x', 70_000],
      ['x'.repeat(256), 80],
      ['a b', 80],
      ['a\0', 80],
      ['', 80],
    ] as const) {
      assert.equal(parseTarget('direct-tcpip', direct(host, port)), null, `${host} ${port}`);
    }
  });

  it('may be a socket path of bounded length', () => {
    const path = (text: string) => buildPayload(0, text, '', 0).subarray(1);
    assert.deepEqual(parseTarget('direct-streamlocal@openssh.com', path('/run/x.sock')), {
      kind: 'unix',
      path: '/run/x.sock',
      originHost: '',
      originPort: 0,
    });
    for (const text of ['', 'x'.repeat(108), '/a\0b'])
      assert.equal(parseTarget('direct-streamlocal@openssh.com', path(text)), null);
  });

  it('listens on a port of our choice when the client gives 0', () => {
    assert.deepEqual(parseListen('tcpip-forward', buildPayload(0, '', 0).subarray(1)), {
      kind: 'tcp',
      host: '',
      port: 0,
    });
  });
});
