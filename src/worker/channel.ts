import { ByteQueue } from './byte-queue.js';
import { message } from './ssh2/messages.js';
import type { Transport } from './ssh2/transport.js';
import { buildPayload } from './ssh2/wire.js';

/** Largest data message that a client may send us. */
export const maxPacketBytes = 32 * 1024;
/** A client that wants smaller packets than this is refused: one byte a packet is an attack. */
export const smallestPacketBytes = 1024;
const largestPacketBytes = 64 * 1024;
const maxWindow = 2 ** 32 - 1;

/** Where the client's bytes go. It calls `Channel.consumed` once it is rid of them. */
export interface ChannelSink {
  data(chunk: Buffer): void;
  /** The client sends no more. */
  eof(): void;
}

/** The client broke the rules of flow control; the connection ends. */
export class ChannelViolation extends Error {}

export interface ChannelOptions {
  readonly localId: number;
  /** What the channel may hold of the client's bytes: the window that it may fill. */
  readonly windowBytes: number;
  readonly remoteId: number;
  readonly remoteWindow: number;
  readonly remoteMaxPacket: number;
}

/**
 * One open channel: windows both ways, end of file and close both ways. Holds nothing but what the client sent before a sink
 * was attached (at most one window). Nothing is buffered on the way out: producers ask `room` first.
 */
export class Channel {
  readonly localId: number;
  readonly remoteId: number;
  readonly #transport: Transport;
  readonly #maxPacket: number;
  readonly #onClosed: () => void;
  readonly #writableListeners = new Set<() => void>();
  readonly #closeListeners: ((connectionGone: boolean) => void)[] = [];
  #remoteWindow: number;
  readonly #windowBytes: number;
  #localWindow: number;
  #unreported = 0;
  readonly #held = new ByteQueue();
  #sink: ChannelSink | null = null;
  #eofReceived = false;
  #eofSent = false;
  #closeSent = false;
  #closeReceived = false;

  /** `onClosed` is called once, when both sides have closed. */
  constructor(transport: Transport, options: ChannelOptions, onClosed: () => void) {
    this.#transport = transport;
    this.localId = options.localId;
    this.remoteId = options.remoteId;
    this.#windowBytes = options.windowBytes;
    this.#localWindow = options.windowBytes;
    this.#remoteWindow = options.remoteWindow;
    this.#maxPacket = Math.min(options.remoteMaxPacket, largestPacketBytes);
    this.#onClosed = onClosed;
  }

  /** True once we or the client began to close: nothing is sent any more. */
  get isClosing(): boolean {
    return this.#closeSent || this.#closeReceived;
  }

  get hasClientEof(): boolean {
    return this.#eofReceived;
  }

  /** How many bytes may be sent now; with 0, `onWritable` listeners hear when to ask again. */
  room(): number {
    if (this.isClosing || this.#eofSent || !this.#transport.canSend()) return 0;
    return this.#remoteWindow;
  }

  /** Sends at most `room()` bytes. */
  sendData(data: Buffer, isStderr = false): void {
    if (this.isClosing || data.length === 0) return;
    if (data.length > this.#remoteWindow) throw new Error('a producer sent more than the window');
    this.#remoteWindow -= data.length;
    for (let at = 0; at < data.length; at += this.#maxPacket) {
      this.#transport.sendData(this.remoteId, data.subarray(at, at + this.#maxPacket), isStderr);
    }
  }

  /** Sends one channel request that wants no answer. */
  sendRequest(payload: Buffer): void {
    if (!this.isClosing) this.#transport.send(payload);
  }

  sendEof(): void {
    if (this.isClosing || this.#eofSent) return;
    this.#eofSent = true;
    this.#transport.send(buildPayload(message.channelEof, this.remoteId));
  }

  close(): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.#transport.send(buildPayload(message.channelClose, this.remoteId));
    this.#settle();
  }

  onWritable(listener: () => void): void {
    this.#writableListeners.add(listener);
  }

  /** Calls `listener` when the client has closed the channel, or (true) the whole connection is gone. */
  onClose(listener: (connectionGone: boolean) => void): void {
    if (this.#closeReceived) listener(false);
    else this.#closeListeners.push(listener);
  }

  /** Attaches the one receiver of the client's bytes; what came before is handed over now. */
  attach(sink: ChannelSink): void {
    this.#sink = sink;
    for (let head = this.#held.head(); head.length > 0; head = this.#held.head()) {
      sink.data(head);
      this.#held.drop(head.length);
    }
    if (this.#eofReceived) sink.eof();
  }

  /** A sink is rid of `bytes`: the client may send as many again. */
  consumed(bytes: number): void {
    this.#unreported += bytes;
    if (this.#unreported < this.#windowBytes / 4 || this.isClosing || this.#eofReceived) return;
    this.#localWindow += this.#unreported;
    this.#transport.send(buildPayload(message.channelWindowAdjust, this.remoteId, this.#unreported));
    this.#unreported = 0;
  }

  /** Wakes producers: the window has grown, or the transport has room again. */
  wake(): void {
    for (const listener of this.#writableListeners) listener();
  }

  receiveData(data: Buffer): void {
    if (data.length > this.#localWindow) throw new ChannelViolation('more data than the window allows');
    this.#localWindow -= data.length;
    this.#transport.meter.payloadBytes += data.length;
    if (this.#eofReceived || this.isClosing) return;
    if (this.#sink === null) this.#held.push(data);
    else this.#sink.data(data);
  }

  receiveWindowAdjust(bytes: number): void {
    if (this.#remoteWindow + bytes > maxWindow) throw new ChannelViolation('the window grew beyond its limit');
    this.#remoteWindow += bytes;
    if (bytes > 0) this.wake();
  }

  receiveEof(): void {
    if (this.#eofReceived || this.isClosing) return;
    this.#eofReceived = true;
    this.#sink?.eof();
  }

  /** The client closed; with `connectionGone` there is nobody left to answer. */
  receiveClose(connectionGone = false): void {
    if (this.#closeReceived) return;
    this.#closeReceived = true;
    if (connectionGone) this.#closeSent = true;
    this.#held.clear();
    this.#writableListeners.clear();
    for (const listener of this.#closeListeners.splice(0)) listener(connectionGone);
    this.close();
    this.#settle();
  }

  #settle(): void {
    if (this.#closeSent && this.#closeReceived) this.#onClosed();
  }
}
