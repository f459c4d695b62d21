import { type Channel, maxPacketBytes } from './channel.js';
import type { ChannelKind, ChannelTable } from './channel-table.js';
import { message, type OpenFailure, openFailure } from './ssh2/messages.js';
import type { Transport } from './ssh2/transport.js';
import { buildPayload, type WireReader } from './ssh2/wire.js';

/** A client's wish for a channel (RFC 4254 section 5.1). */
export interface OpenRequest {
  readonly type: string;
  readonly remoteId: number;
  readonly remoteWindow: number;
  readonly remoteMaxPacket: number;
  readonly details: Buffer;
}

/** Reads a channel open after its message number. */
export function readOpenRequest(reader: WireReader): OpenRequest {
  const type = reader.text();
  const head = { type, remoteId: reader.uint32(), remoteWindow: reader.uint32(), remoteMaxPacket: reader.uint32() };
  return { ...head, details: Buffer.from(reader.rest()) };
}

/** Answers wishes for channels: each one once, with a confirmation or a reason. */
export class ChannelOpener {
  readonly #transport: Transport;
  readonly #channels: ChannelTable;

  constructor(transport: Transport, channels: ChannelTable) {
    this.#transport = transport;
    this.#channels = channels;
  }

  /** Reserves an id; without one the wish is refused here and the answer is null. */
  reserve(request: OpenRequest, kind: ChannelKind): number | null {
    const localId = this.#channels.reserve(kind);
    if (localId === null) this.refuse(request, openFailure.resourceShortage, 'too many channels are open');
    return localId;
  }

  confirm(request: OpenRequest, localId: number): Channel {
    const channel = this.#channels.open({ ...request, localId });
    const { remoteId } = request;
    const window = this.#channels.windowOf(localId);
    this.#transport.send(buildPayload(message.channelOpenConfirmation, remoteId, localId, window, maxPacketBytes));
    return channel;
  }

  refuse(request: OpenRequest, reason: OpenFailure, text: string): void {
    this.#transport.send(buildPayload(message.channelOpenFailure, request.remoteId, reason, text, ''));
  }
}
