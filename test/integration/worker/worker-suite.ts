import { after, before } from 'node:test';
import type { PeerOptions } from '../../support/door-peer/door.js';
import { DoorPeer } from '../../support/door-peer/peer.js';
import { SshClient } from '../../support/door-peer/ssh-client.js';
import type { RawConnection } from '../../support/raw-ssh/connection.js';
import { openLoggedIn, readClientKey } from '../../support/raw-ssh/login.js';

/** One real worker for the tests of a file, with clients that may log in. */
export interface WorkerSuite {
  readonly peer: () => DoorPeer;
  readonly client: () => SshClient;
  /** A raw connection that has logged in. */
  readonly raw: () => Promise<RawConnection>;
}

export function workerSuite(options: PeerOptions = {}): WorkerSuite {
  let peer: DoorPeer | undefined;
  let client: SshClient | undefined;
  const made = <Value>(value: Value | undefined): Value => {
    if (value === undefined) throw new Error('the worker has not been started');
    return value;
  };
  before(async () => {
    peer = await DoorPeer.start(options);
    client = new SshClient(peer.port);
  });
  after(() => {
    client?.close();
    peer?.close();
  });
  return {
    peer: () => made(peer),
    client: () => made(client),
    raw: () => openLoggedIn({ port: made(peer).port }, 'alice', readClientKey(made(client).keyFile)),
  };
}
