import { addon } from '../base/addon.js';
import { maxPacketBytes, smallestPacketBytes } from './channel.js';
import type { ChannelTable } from './channel-table.js';
import type { IncomingConnection } from './remote-forwards.js';
import { SocketPump } from './socket-pump.js';
import { message } from './ssh2/messages.js';
import type { Transport } from './ssh2/transport.js';
import { buildPayload, type WireReader } from './ssh2/wire.js';

/** Connections that came in on forwarded ports and were offered to the client as channels. Owns their sockets until it takes them. */
export class OfferedChannels {
  readonly #transport: Transport;
  readonly #channels: ChannelTable;
  readonly #waiting = new Map<number, IncomingConnection>();

  constructor(transport: Transport, channels: ChannelTable) {
    this.#transport = transport;
    this.#channels = channels;
  }

  /** Offers one; beyond the connection's limit it is closed. */
  offer(connection: IncomingConnection): void {
    const localId = this.#transport.isClosed ? null : this.#channels.reserve('forward');
    if (localId === null) {
      addon.close(connection.fd);
      return;
    }
    this.#waiting.set(localId, connection);
    const details = { raw: connection.details };
    const window = this.#channels.windowOf(localId);
    this.#transport.send(buildPayload(message.channelOpen, connection.type, localId, window, maxPacketBytes, details));
  }

  /** The client takes one. */
  confirmed(reader: WireReader): void {
    const localId = reader.uint32();
    const offered = this.#take(localId);
    if (offered === undefined) return;
    const [remoteId, remoteWindow] = [reader.uint32(), reader.uint32()];
    const remoteMaxPacket = Math.max(reader.uint32(), smallestPacketBytes);
    new SocketPump(offered.fd, this.#channels.open({ localId, remoteId, remoteWindow, remoteMaxPacket }));
  }

  /** The client wants it not. */
  refused(reader: WireReader): void {
    const localId = reader.uint32();
    const offered = this.#take(localId);
    if (offered === undefined) return;
    this.#channels.release(localId);
    addon.close(offered.fd);
  }

  closeAll(): void {
    for (const { fd } of this.#waiting.values()) addon.close(fd);
    this.#waiting.clear();
  }

  #take(localId: number): IncomingConnection | undefined {
    const offered = this.#waiting.get(localId);
    this.#waiting.delete(localId);
    return offered;
  }
}
