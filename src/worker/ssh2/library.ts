import { createRequire } from 'node:module';
import { takeOverMessages } from './message-table.js';
import { withRaisedPacketCap } from './packet-cap.js';
import { makePooledRandomFill } from './padding-pool.js';
import type { LibraryMessageHandler, LibraryProtocol, LibraryProtocolOptions } from './protocol-types.js';

/**
 * ssh2, loaded with its corrections. Only its protocol engine is used (transport, key exchange, ciphers, packet writers). Its server
 * layer (server.js, Channel.js, SFTP.js) is not loaded: hazards 2 to 10, 13, 15, 16, 20 and 23 of the trial live there, and our
 * own layer above the engine is smaller than the hooks that would hold them down (docs/decisions).
 */
export interface Library {
  readonly Protocol: new (options: LibraryProtocolOptions) => LibraryProtocol;
  /** Raw packets by number. */
  readonly messageTable: (LibraryMessageHandler | undefined)[];
  readonly sendPacket: (protocol: LibraryProtocol, packet: Buffer, duringKeyExchange?: boolean) => boolean;
  /** False when the native ciphers are missing: a half to a fifth of the speed. */
  readonly hasNativeCiphers: boolean;
  /** Settled once the ciphers may be used. */
  readonly ready: Promise<void>;
  readonly version: string;
}

const require = createRequire(import.meta.url);

/** The one version that the corrections are written and tested for. */
const libraryVersion = '1.17.0';

let loaded: Library | undefined;

/** Loads the library once per process, corrections first. Throws when it is another version or already loaded without them. */
export function loadLibrary(): Library {
  loaded ??= load();
  return loaded;
}

function load(): Library {
  const { version } = require('ssh2/package.json') as { version: string };
  if (version !== libraryVersion) throw new Error(`ssh2 is ${version}; the corrections are for ${libraryVersion}`);
  const cryptoModule = require('node:crypto') as { randomFillSync: unknown };
  const realRandomFill = cryptoModule.randomFillSync;
  cryptoModule.randomFillSync = makePooledRandomFill();
  try {
    return withRaisedPacketCap(require.resolve('ssh2/lib/protocol/crypto.js'), () => loadParts(version));
  } finally {
    cryptoModule.randomFillSync = realRandomFill;
  }
}

function loadParts(version: string): Library {
  const ciphers = require('ssh2/lib/protocol/crypto.js') as { bindingAvailable: boolean; init: Promise<void> };
  const messageTable = require('ssh2/lib/protocol/handlers.js') as Library['messageTable'];
  takeOverMessages(messageTable);
  const { sendPacket } = require('ssh2/lib/protocol/utils.js') as { sendPacket: Library['sendPacket'] };
  const Protocol = require('ssh2/lib/protocol/Protocol.js') as Library['Protocol'];
  return {
    Protocol,
    messageTable,
    sendPacket,
    hasNativeCiphers: ciphers.bindingAvailable,
    ready: ciphers.init,
    version,
  };
}
