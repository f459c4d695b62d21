import type { Log } from '../log/log.js';
import { type Channel, ChannelViolation, smallestPacketBytes } from './channel.js';
import { ChannelOpener, type OpenRequest, readOpenRequest } from './channel-opener.js';
import { type ChannelLimits, ChannelTable } from './channel-table.js';
import type { ConnectionDoor } from './connection-door.js';
import { openDirectForward } from './direct-forward.js';
import { parseTarget } from './forward-target.js';
import { OfferedChannels } from './offered-channels.js';
import { RemoteForwards } from './remote-forwards.js';
import { RequestQueue, TooManyRequests } from './request-queue.js';
import { Session } from './session.js';
import { disconnectReason, message, openFailure } from './ssh2/messages.js';
import type { Transport } from './ssh2/transport.js';
import { buildPayload, WireReader } from './ssh2/wire.js';

export interface ConnectionProtocolOptions {
  readonly transport: Transport;
  readonly door: ConnectionDoor;
  readonly log: Log;
  readonly limits: ChannelLimits;
  readonly acceptEnvironment: readonly string[];
  readonly allowTerminal: boolean;
  readonly allowForwarding: boolean;
  /** The client's identification line says OpenSSH. */
  readonly isOpenSsh: boolean;
}

/** The channels of one authenticated connection (RFC 4254): who may open what, which message goes to which channel. */
export class ConnectionProtocol {
  readonly #options: ConnectionProtocolOptions;
  readonly #channels: ChannelTable;
  readonly #forwards: RemoteForwards;
  readonly #globalRequests = new RequestQueue();
  readonly #channelRequests = new Map<number, { session: Session; queue: RequestQueue }>();
  readonly #offered: OfferedChannels;
  readonly #opener: ChannelOpener;
  #acceptsSessions = true;

  constructor(options: ConnectionProtocolOptions) {
    this.#options = options;
    this.#channels = new ChannelTable(options.transport, options.limits);
    this.#opener = new ChannelOpener(options.transport, this.#channels);
    this.#offered = new OfferedChannels(options.transport, this.#channels);
    const { door, log, limits, allowForwarding } = options;
    this.#forwards = new RemoteForwards({
      door,
      log,
      maxForwards: limits.maxForwards,
      isAllowed: allowForwarding,
      incoming: (connection) => this.#offered.offer(connection),
    });
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  /** Handles one message; false when its number means nothing here. Throws WireError for a malformed one. */
  receive(type: number, payload: Buffer): boolean {
    const handler = table[type];
    if (handler === undefined) return false;
    try {
      handler(this, new WireReader(payload, 1));
    } catch (error) {
      if (!(error instanceof ChannelViolation) && !(error instanceof TooManyRequests)) throw error;
      this.#options.transport.disconnect(disconnectReason.protocolError, error.message || 'too many requests at once');
    }
    return true;
  }

  /** The transport has room again. */
  wake(): void {
    this.#channels.wake();
  }

  /** The connection is gone. */
  close(): void {
    this.#globalRequests.stop();
    this.#forwards.closeAll();
    for (const { queue } of this.#channelRequests.values()) queue.stop();
    this.#channels.closeAll();
    this.#offered.closeAll();
  }

  globalRequest(reader: WireReader): void {
    const name = reader.text();
    const wantsReply = reader.boolean();
    const body = Buffer.from(reader.rest());
    this.#globalRequests.add(
      () => this.#decideGlobal(name, body),
      (verdict) => {
        if (!wantsReply) return;
        const raw = Buffer.isBuffer(verdict) ? verdict : Buffer.alloc(0);
        this.#options.transport.send(
          verdict === false ? buildPayload(message.requestFailure) : buildPayload(message.requestSuccess, { raw }),
        );
      },
    );
  }

  channelOpen(reader: WireReader): void {
    const request = readOpenRequest(reader);
    if (request.remoteMaxPacket < smallestPacketBytes) {
      this.#opener.refuse(request, openFailure.administrativelyProhibited, 'the maximum packet size is too small');
    } else if (request.type === 'session') {
      this.#openSession(request);
    } else if (request.type === 'direct-tcpip' || request.type === 'direct-streamlocal@openssh.com') {
      this.#openForward(request);
    } else {
      this.#opener.refuse(request, openFailure.unknownChannelType, 'unknown channel type');
    }
  }

  channelRequest(reader: WireReader): void {
    const localId = reader.uint32();
    const type = reader.text();
    const wantsReply = reader.boolean();
    const channel = this.#channels.get(localId);
    if (channel === undefined) return;
    const answer = (verdict: unknown) => {
      if (wantsReply)
        channel.sendRequest(
          buildPayload(verdict === true ? message.channelSuccess : message.channelFailure, channel.remoteId),
        );
    };
    const entry = this.#channelRequests.get(localId);
    if (entry === undefined) {
      answer(false);
      return;
    }
    const body = Buffer.from(reader.rest());
    entry.queue.add(
      () => entry.session.request(type, body),
      (verdict) => {
        answer(verdict);
        entry.session.answered();
      },
    );
  }

  openConfirmed(reader: WireReader): void {
    this.#offered.confirmed(reader);
  }

  openRefused(reader: WireReader): void {
    this.#offered.refused(reader);
  }

  withChannel(reader: WireReader, act: (channel: Channel) => void): void {
    const channel = this.#channels.get(reader.uint32());
    if (channel !== undefined) act(channel); // a message for a channel that is gone is harmless
  }

  #decideGlobal(name: string, body: Buffer): boolean | Buffer | Promise<boolean | Buffer> {
    switch (name) {
      case 'tcpip-forward':
      case 'streamlocal-forward@openssh.com':
        return this.#forwards.open(name, body);
      case 'cancel-tcpip-forward':
      case 'cancel-streamlocal-forward@openssh.com':
        return this.#forwards.cancel(name, body);
      case 'no-more-sessions@openssh.com':
        this.#acceptsSessions = false;
        return true;
      default:
        return false; // also keepalive@openssh.com: any answer shows that we live
    }
  }

  #openSession(request: OpenRequest): void {
    if (!this.#acceptsSessions) {
      this.#opener.refuse(request, openFailure.administrativelyProhibited, 'no more sessions were asked for');
      return;
    }
    const localId = this.#opener.reserve(request, 'session');
    if (localId === null) return;
    const channel = this.#opener.confirm(request, localId);
    const { door, log, acceptEnvironment, allowTerminal, isOpenSsh } = this.#options;
    const session = new Session({ channel, door, log, acceptEnvironment, allowTerminal, knowsEndOfWrite: isOpenSsh });
    const queue = new RequestQueue();
    this.#channelRequests.set(localId, { session, queue });
    channel.onClose(() => {
      queue.stop();
      this.#channelRequests.delete(localId);
    });
  }

  #openForward(request: OpenRequest): void {
    const target = parseTarget(request.type, request.details);
    if (target === null) {
      this.#opener.refuse(request, openFailure.connectFailed, 'no such address');
      return;
    }
    if (!this.#options.allowForwarding) {
      this.#opener.refuse(request, openFailure.administrativelyProhibited, 'forwarding is not allowed');
      return;
    }
    const localId = this.#opener.reserve(request, 'forward');
    if (localId === null) return;
    const { door, log, transport } = this.#options;
    const context = { door, log, channels: this.#channels, opener: this.#opener, isOver: () => transport.isClosed };
    void openDirectForward(context, request, localId, target);
  }
}

type Handler = (protocol: ConnectionProtocol, reader: WireReader) => void;

/** Every message of the connection protocol that a client may send. */
const table: Readonly<Record<number, Handler>> = {
  [message.globalRequest]: (protocol, reader) => protocol.globalRequest(reader),
  [message.requestSuccess]: () => undefined, // answers to our keepalives
  [message.requestFailure]: () => undefined,
  [message.channelOpen]: (protocol, reader) => protocol.channelOpen(reader),
  [message.channelOpenConfirmation]: (protocol, reader) => protocol.openConfirmed(reader),
  [message.channelOpenFailure]: (protocol, reader) => protocol.openRefused(reader),
  [message.channelWindowAdjust]: (protocol, reader) =>
    protocol.withChannel(reader, (channel) => channel.receiveWindowAdjust(reader.uint32())),
  [message.channelData]: (protocol, reader) =>
    protocol.withChannel(reader, (channel) => channel.receiveData(reader.string())),
  [message.channelExtendedData]: () => undefined, // a client has none to send (RFC 4254 section 5.2 names only stderr)
  [message.channelEof]: (protocol, reader) => protocol.withChannel(reader, (channel) => channel.receiveEof()),
  [message.channelClose]: (protocol, reader) => protocol.withChannel(reader, (channel) => channel.receiveClose()),
  [message.channelRequest]: (protocol, reader) => protocol.channelRequest(reader),
  [message.channelSuccess]: () => undefined,
  [message.channelFailure]: () => undefined,
};
