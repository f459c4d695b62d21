import { createHash, generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto';
import { Socket } from 'node:net';
import { addon } from '../../base/addon.js';
import { withDeadline } from '../../base/deadline.js';
import type { ExchangeParts } from '../ssh2/key-exchange.js';
import { loadLibrary } from '../ssh2/library.js';
import { message } from '../ssh2/messages.js';
import { sendPayload } from '../ssh2/packet.js';
import type { LibraryProtocol } from '../ssh2/protocol-types.js';
import { Transport } from '../ssh2/transport.js';
import { buildPayload } from '../ssh2/wire.js';

/** What the two sides of one handshake with ourselves saw. */
export interface SeenHandshake {
  /** What the client got under the new keys, in order; the last one is the answer to its ping. */
  readonly clientGot: readonly Buffer[];
  readonly serverKexInit: Buffer;
  /** What reached the layer above our transport. */
  readonly serverGot: readonly Buffer[];
}

export interface HandshakeChoice {
  readonly kex: string;
  readonly cipher: string;
  readonly mac: string;
  readonly cookie: Buffer;
  /** Sent by the client once keys are in use, in this order, followed by a ping. */
  readonly clientSends: readonly Buffer[];
  readonly pingBytes: number;
}

const identification = 'jaild';
const deadlineMs = 10_000;

/**
 * Runs one whole handshake between our transport and the library's own client side: proves the corrections on the code that will serve, and
 * warms up what it touches. The host key exists for this check only.
 */
export async function runHandshake(choice: HandshakeChoice): Promise<SeenHandshake> {
  const [serverFd, clientFd] = addon.socketPair('stream');
  const server = new Socket({ fd: serverFd, allowHalfOpen: true, readable: true, writable: true });
  const client = new Socket({ fd: clientFd, allowHalfOpen: true, readable: true, writable: true });
  try {
    return await withDeadline(exchange(server, client, choice), deadlineMs, 'a handshake with ourselves');
  } finally {
    server.destroy();
    client.destroy();
  }
}

function exchange(server: Socket, client: Socket, choice: HandshakeChoice): Promise<SeenHandshake> {
  const key = generateKeyPairSync('ed25519');
  const blob = toBlob(key.publicKey);
  return new Promise((resolve, reject) => {
    const [clientGot, serverGot]: [Buffer[], Buffer[]] = [[], []];
    let serverKexInit = Buffer.alloc(0);
    const sign = (parts: ExchangeParts) => {
      serverKexInit = Buffer.from(parts.serverKexInit);
      return signExchange(parts, blob, key.privateKey);
    };
    new Transport(
      {
        socket: server,
        identification,
        hostKeys: [{ type: 'ed25519', blob }],
        cookie: choice.cookie,
        canSign: () => true,
        sign,
      },
      {
        identified: () => undefined,
        keyed: () => undefined,
        writable: () => undefined,
        faulted: reject,
        closed: (reason) => reject(new Error(`the handshake ended: ${reason}`)),
        message: (_type, payload) => serverGot.push(Buffer.from(payload)),
      },
    );
    startClient(client, choice, reject, (payload) => {
      clientGot.push(Buffer.from(payload));
      if (payload[0] === message.pong) resolve({ clientGot, serverKexInit, serverGot });
    });
  });
}

type ClientProtocol = LibraryProtocol & { start(): void };

function startClient(
  socket: Socket,
  choice: HandshakeChoice,
  fail: (error: Error) => void,
  seen: (payload: Buffer) => void,
): void {
  const library = loadLibrary();
  const direction = { cipher: [choice.cipher], mac: [choice.mac], compress: ['none'], lang: [] };
  const payloads = [...choice.clientSends, buildPayload(message.ping, Buffer.alloc(choice.pingBytes))];
  const ClientSide = library.Protocol as unknown as new (options: object) => ClientProtocol;
  const protocol: ClientProtocol = new ClientSide({
    server: false,
    ident: Buffer.from('selfcheck'),
    offer: { kex: [choice.kex], serverHostKey: ['ssh-ed25519'], cs: direction, sc: direction },
    onWrite: (packet: Buffer) => void socket.write(packet),
    onError: fail,
    onHandshakeComplete: () => {
      for (const payload of payloads) sendPayload(protocol, payload);
    },
    messageHandlers: { receive: seen },
  });
  socket.on('error', fail);
  protocol.start();
  const line = Buffer.from(`SSH-2.0-${identification}\r\n`); // the listener writes it, not the transport
  protocol.parse(line, 0, line.length);
  socket.on('data', (chunk: Buffer) => {
    try {
      protocol.parse(chunk, 0, chunk.length);
    } catch (error) {
      fail(error as Error); // expected: what the library says of a broken packet
    }
  });
}

function toBlob(publicKey: KeyObject): Buffer {
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return buildPayload(0, 'ssh-ed25519', Buffer.from(raw)).subarray(1);
}

/** What the broker does with the parts, for a key of our own. */
function signExchange(parts: ExchangeParts, blob: Buffer, key: KeyObject): { hash: Buffer; signature: Buffer } {
  const { clientIdent, serverIdent, clientKexInit, serverKexInit, clientShare, serverShare, secret } = parts;
  const octets = buildPayload(
    0,
    clientIdent,
    serverIdent,
    clientKexInit,
    serverKexInit,
    blob,
    clientShare,
    serverShare,
    secret,
  ).subarray(1);
  const hash = createHash(parts.hash).update(octets).digest();
  return { hash, signature: buildPayload(0, 'ssh-ed25519', signWith(null, hash, key)).subarray(1) };
}
