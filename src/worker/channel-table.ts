import { Channel, type ChannelOptions } from './channel.js';
import type { Transport } from './ssh2/transport.js';

/** How often channels of a connection may be asked for and refused before the client counts as hostile has no limit; open ones do. */
export interface ChannelLimits {
  readonly maxSessions: number;
  readonly maxForwards: number;
}

/** The window of a channel while there is plenty. The same as OpenSSH's. */
const largestWindowBytes = 2 * 1024 * 1024;
/** What each channel gets at least: enough for a terminal, a connection, a file. */
const smallestWindowBytes = 128 * 1024;
/** Windows of one connection together, beyond which a channel gets the smallest: all of them can be filled, and nobody need read. */
const connectionWindowBytes = 16 * 1024 * 1024;

export type ChannelKind = 'session' | 'forward';

interface Reservation {
  readonly kind: ChannelKind;
  readonly windowBytes: number;
}

/** The open channels of one connection by our id. Ids are reused smallest first, so that they stay small for ever. */
export class ChannelTable {
  readonly #transport: Transport;
  readonly #limits: ChannelLimits;
  readonly #channels = new Map<number, Channel>();
  readonly #reserved = new Map<number, Reservation>();

  constructor(transport: Transport, limits: ChannelLimits) {
    this.#transport = transport;
    this.#limits = limits;
  }

  /** Reserves an id for a channel that is about to open; null when the connection has enough of that kind. */
  reserve(kind: ChannelKind): number | null {
    const limit = kind === 'session' ? this.#limits.maxSessions : this.#limits.maxForwards;
    const reservations = [...this.#reserved.values()];
    if (reservations.filter((other) => other.kind === kind).length >= limit) return null;
    const left = reservations.reduce((rest, other) => rest - other.windowBytes, connectionWindowBytes);
    const windowBytes = Math.max(smallestWindowBytes, Math.min(largestWindowBytes, left));
    let id = 0;
    while (this.#reserved.has(id)) id += 1;
    this.#reserved.set(id, { kind, windowBytes });
    return id;
  }

  /** The window that goes with a reserved id. */
  windowOf(localId: number): number {
    return this.#reserved.get(localId)?.windowBytes ?? smallestWindowBytes;
  }

  /** Gives a reserved id back: the channel did not open. */
  release(localId: number): void {
    this.#reserved.delete(localId);
  }

  /** Opens the channel under its reserved id; the id is free again once both sides have closed. */
  open(options: Omit<ChannelOptions, 'windowBytes'>): Channel {
    const { localId } = options;
    const channel = new Channel(this.#transport, { ...options, windowBytes: this.windowOf(localId) }, () => {
      this.#channels.delete(localId);
      this.#reserved.delete(localId);
    });
    this.#channels.set(localId, channel);
    return channel;
  }

  get(localId: number): Channel | undefined {
    return this.#channels.get(localId);
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Wakes all producers: the transport has room again. Each turn begins with another channel, so that none starves. */
  wake(): void {
    for (const [id, channel] of [...this.#channels]) {
      channel.wake();
      if (!this.#transport.canSend()) {
        this.#channels.delete(id);
        this.#channels.set(id, channel);
        return;
      }
    }
  }

  /** The connection is gone: every channel ends. */
  closeAll(): void {
    for (const channel of [...this.#channels.values()]) channel.receiveClose(true);
    this.#reserved.clear();
  }
}
