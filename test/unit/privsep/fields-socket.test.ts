import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addon } from '../../../src/base/addon.js';
import { encodeFields } from '../../../src/privsep/fields.js';
import { FieldsSocket } from '../../../src/privsep/fields-socket.js';

/** What a socket hears of an end that says one word and closes; `speak` is what we do meanwhile. */
async function hear(speak: (socket: FieldsSocket, closeOther: () => void) => void): Promise<string[]> {
  const [own, other] = addon.socketPair('seqpacket');
  addon.send(other, encodeFields([['ev', 'exited']]));
  return await new Promise((resolve) => {
    const heard: string[] = [];
    const socket = new FieldsSocket(own, {
      message: ({ fields }) => heard.push(fields.text('ev') ?? ''),
      closed: (fault) => resolve([...heard, fault === null ? 'closed' : fault.message]),
    });
    speak(socket, () => addon.close(other));
  });
}

describe('the last words of an end that closes', () => {
  it('are read when we speak to it after that', async () => {
    const heard = await hear((socket, closeOther) => {
      closeOther();
      socket.send([['op', 'resize']]);
    });
    assert.deepEqual(heard, ['exited', 'closed']);
  });

  it('are read when it closes without reading what we said', async () => {
    const heard = await hear((socket, closeOther) => {
      socket.send([['op', 'signal']]);
      closeOther();
    });
    assert.deepEqual(heard, ['exited', 'closed']);
  });
});
