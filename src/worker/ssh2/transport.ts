import type { Socket } from 'node:net';
import { planOffer } from './algorithms.js';
import { buildExtensionInfo } from './extension-info.js';
import { makeHostKeys, type PublicHostKey, type SignExchange } from './host-key.js';
import { KeyExchangeWatch } from './key-exchange.js';
import { loadLibrary } from './library.js';
import { disconnectReason, message } from './messages.js';
import { sendPayload, sendUrgentPayload } from './packet.js';
import type { LibraryProtocol } from './protocol-types.js';
import { TrafficMeter, trafficLimits } from './traffic-limits.js';
import { buildPayload, WireError, WireReader } from './wire.js';

export interface TransportHandlers {
  /** The client's identification line, without its line end. */
  identified(line: string): void;
  /** First keys in use; from here on messages arrive. */
  keyed(): void;
  /** One message above the transport, complete; a view that stays valid. */
  message(type: number, payload: Buffer): void;
  /** Something other than a WireError was thrown while the client's bytes were handled; the connection ends. */
  faulted(error: unknown): void;
  /** Room to send again after `canSend` was false. */
  writable(): void;
  /** Called once, when the end is decided: nothing arrives or leaves any more. `reason` is our own text. */
  closed(reason: string): void;
}

export interface TransportOptions {
  /** The accepted socket; owned by the transport. Our identification line has been written by the listener. */
  readonly socket: Socket;
  /** That line without "SSH-2.0-": it goes into the exchange hash. */
  readonly identification: string;
  readonly hostKeys: readonly PublicHostKey[];
  readonly cookie: Buffer;
  readonly sign: SignExchange;
  /** False while nobody can sign: then we begin no key exchange. */
  readonly canSign: () => boolean;
}

/**
 * One SSH transport: ssh2's protocol engine on a socket, with every limit that the engine lacks.
 * It ends in exactly one way: `closed`, once; the socket then flushes its last words within a deadline and is destroyed.
 */
export class Transport {
  readonly meter = new TrafficMeter();
  readonly #socket: Socket;
  readonly #handlers: TransportHandlers;
  readonly #protocol: LibraryProtocol;
  readonly #exchange: KeyExchangeWatch;
  readonly #canSign: () => boolean;
  #authenticated = false;
  #keyed = false;
  #queuedBytes = 0;
  #waitsForRoom = false;
  #ending: string | null = null;
  #startsOwnExchange = false;
  #lastHeardMs = performance.now();
  #rekeyTimer: NodeJS.Timeout | undefined;

  constructor(options: TransportOptions, handlers: TransportHandlers) {
    const { Protocol } = loadLibrary();
    this.#socket = options.socket;
    this.#handlers = handlers;
    this.#canSign = options.canSign;
    const hostKeys = makeHostKeys(options.hostKeys, () => this.#exchange.parts(), options.sign);
    this.#protocol = new Protocol({
      server: true,
      ident: Buffer.from(options.identification, 'latin1'),
      hostKeys,
      offer: planOffer(Object.keys(hostKeys)),
      onWrite: (packet) => this.#write(packet),
      onError: (error) => this.#finish(error.message),
      onHeader: (header) => this.#onHeader(header.identRaw),
      onHandshakeComplete: () => this.#onKeys(),
      messageHandlers: {
        receive: (payload) => this.#onMessage(payload),
        DISCONNECT: (_protocol, reason) => this.#finish(`the client disconnected (${reason})`),
      },
    });
    this.#exchange = new KeyExchangeWatch(this.#protocol, options.cookie, () => this.#onExchange());
    this.#sendOwnExtensionInfo();
    this.#attach();
  }

  get isClosed(): boolean {
    return this.#ending !== null;
  }

  /** Monotonic time of the client's last sign of life. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** False while the TCP socket is full or keys are exchanged: producers wait for `writable`. */
  canSend(): boolean {
    const room = !this.isClosed && !this.#exchange.isRunning && this.#socket.writableLength < trafficLimits.pauseBytes;
    if (!room) this.#waitsForRoom = true;
    return room;
  }

  /** Tells the transport that the client has logged in: the limits of a stranger no longer hold. */
  setAuthenticated(): void {
    this.#authenticated = true;
  }

  /** Gives the cookie for the next KEXINIT (it comes with each signature). */
  setCookie(cookie: Buffer): void {
    this.#exchange.setCookie(cookie);
  }

  /** Sends one message; during a key exchange it waits in a bounded queue. */
  send(payload: Buffer): void {
    if (this.isClosed || !this.#queue(payload.length)) return;
    sendPayload(this.#protocol, payload);
  }

  /** Sends channel data (or stderr) without an extra copy. */
  sendData(recipient: number, data: Buffer, isStderr: boolean): void {
    if (this.isClosed || !this.#queue(data.length)) return;
    this.meter.payloadBytes += data.length;
    if (isStderr) this.#protocol.channelExtData(recipient, data, 1);
    else this.#protocol.channelData(recipient, data);
    this.rekeyWhenDue();
  }

  /** Begins a key exchange from our side; harmless while one runs. */
  rekey(): void {
    if (this.isClosed || !this.#keyed || this.#exchange.isRunning || !this.#canSign()) return;
    this.#startsOwnExchange = true;
    this.#protocol.rekey();
    this.#startsOwnExchange = false;
  }

  /** Changes keys that have served long enough; to be called now and then. */
  rekeyWhenDue(): void {
    if (this.meter.wantsNewKeys(performance.now())) this.rekey();
  }

  /** Says why, in the client's language of reasons and in plain words, then ends the connection. */
  disconnect(reason: number, text: string): void {
    if (this.isClosed) return;
    try {
      sendUrgentPayload(this.#protocol, buildPayload(message.disconnect, reason, text, ''));
    } catch {
      // Expected: the engine has destroyed itself after an error of its own; then nothing can be said any more.
    }
    this.#finish(text);
  }

  /** Ends the connection at once, without a word. */
  destroy(reason: string): void {
    this.#socket.destroy();
    this.#end(reason);
  }

  /** Runs what reads the client's bytes: a malformed message ends this connection and nothing else. */
  run(work: () => void): void {
    try {
      work();
    } catch (error) {
      // Expected: whatever the engine says about a hostile packet (length, MAC, shape), and WireError of our own parsers.
      this.disconnect(
        disconnectReason.protocolError,
        error instanceof WireError ? error.message : 'a packet could not be read',
      );
    }
  }

  #attach(): void {
    const socket = this.#socket;
    socket.on('error', (error) => this.destroy(`the socket failed: ${error.message}`));
    socket.on('end', () => this.destroy('the client closed the connection'));
    socket.on('close', () => this.#end('the connection was lost'));
    socket.on('drain', () => this.#onDrain());
    socket.on('data', (chunk) => this.#onData(chunk));
  }

  #onData(chunk: Buffer): void {
    if (this.isClosed) return;
    this.#lastHeardMs = performance.now();
    this.meter.bytesIn += chunk.length;
    if (!this.#authenticated && this.meter.bytesIn > trafficLimits.preAuthBytes) {
      this.disconnect(disconnectReason.protocolError, 'too much traffic before login');
      return;
    }
    this.run(() => this.#protocol.parse(chunk, 0, chunk.length));
    if (this.#socket.writableLength > trafficLimits.stopReadingBytes) this.#socket.pause();
  }

  #onDrain(): void {
    this.#socket.resume();
    this.#offerRoom();
  }

  #offerRoom(): void {
    if (!this.#waitsForRoom || this.isClosed || this.#exchange.isRunning) return;
    this.#waitsForRoom = false;
    this.#handlers.writable();
  }

  #write(packet: Buffer): void {
    if (!this.#socket.writable) return;
    this.meter.bytesOut += packet.length;
    this.#socket.write(packet);
  }

  #queue(bytes: number): boolean {
    if (!this.#exchange.isRunning) return true;
    this.#queuedBytes += bytes + 64;
    if (this.#queuedBytes <= trafficLimits.rekeyQueueBytes) return true;
    this.destroy('too much was queued behind a key exchange');
    return false;
  }

  #onHeader(line: string): void {
    // An old client's name switches off safeguards in the engine; ours supports none of the products concerned.
    this.#protocol._compatFlags = 0;
    this.#handlers.identified(line.trimEnd());
  }

  #onExchange(): void {
    if (!this.#startsOwnExchange && !this.meter.admitExchange())
      throw new WireError('more key exchanges than its traffic explains');
    if (!this.#keyed) return; // the first one stands under the grace deadline
    this.#rekeyTimer = setTimeout(
      () => this.destroy('a key exchange did not end'),
      trafficLimits.rekeyDeadlineMs,
    ).unref();
  }

  #onKeys(): void {
    clearTimeout(this.#rekeyTimer);
    this.#queuedBytes = 0;
    this.meter.keysChanged(performance.now());
    if (this.#keyed) {
      this.#offerRoom();
      return;
    }
    this.#keyed = true;
    this.#handlers.keyed();
  }

  #sendOwnExtensionInfo(): void {
    const complete = this.#protocol._onHandshakeComplete;
    let first = true;
    this.#protocol._onHandshakeComplete = (negotiated) => {
      const exchange = this.#protocol._kex;
      if (first && exchange !== undefined) {
        const wanted = exchange.remoteExtInfoEnabled;
        exchange.remoteExtInfoEnabled = false;
        if (wanted) this.send(buildExtensionInfo());
      }
      first = false;
      complete(negotiated);
    };
  }

  #onMessage(payload: Buffer): void {
    const type = payload[0];
    if (this.isClosed || type === undefined || type === message.extensionInfo) return;
    if (type === message.ping) this.send(buildPayload(message.pong, new WireReader(payload, 1).string()));
    else this.#handle(type, payload);
  }

  /** What our own layers throw besides WireError is a fault of ours: it is reported, and the connection ends. */
  #handle(type: number, payload: Buffer): void {
    try {
      this.#handlers.message(type, payload);
    } catch (error) {
      if (error instanceof WireError) throw error;
      this.#handlers.faulted(error);
      this.disconnect(disconnectReason.byApplication, 'The service failed.');
    }
  }

  /** Answers a message that nobody knows, with its number in the stream (RFC 4253 section 11.4). */
  sendUnimplemented(): void {
    this.send(buildPayload(message.unimplemented, (this.#protocol._decipher.inSeqno - 1) >>> 0));
  }

  /** Ends in good order: what is queued is flushed, then the client is given a moment to close, so that no reset overtakes our words. */
  #finish(reason: string): void {
    if (this.isClosed) return;
    const socket = this.#socket;
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), trafficLimits.flushMs);
    socket.once('close', () => clearTimeout(timer));
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.isClosed) return;
    this.#ending = reason;
    clearTimeout(this.#rekeyTimer);
    this.#handlers.closed(reason);
    setImmediate(() => this.#protocol.cleanup()); // the engine may be in the middle of a packet now
  }
}
