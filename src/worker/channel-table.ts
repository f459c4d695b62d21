import { Channel, type ChannelOptions } from './channel.js';
import type { Transport } from './ssh2/transport.js';

/** How often channels of a connection may be asked for and refused before the client counts as hostile has no limit; open ones do. */
export interface ChannelLimits {
  readonly maxSessions: number;
  readonly maxForwards: number;
}

export type ChannelKind = 'session' | 'forward';

/** The open channels of one connection by our id. Ids are reused smallest first, so that they stay small for ever. */
export class ChannelTable {
  readonly #transport: Transport;
  readonly #limits: ChannelLimits;
  readonly #channels = new Map<number, Channel>();
  readonly #reserved = new Map<number, ChannelKind>();

  constructor(transport: Transport, limits: ChannelLimits) {
    this.#transport = transport;
    this.#limits = limits;
  }

  /** Reserves an id for a channel that is about to open; null when the connection has enough of that kind. */
  reserve(kind: ChannelKind): number | null {
    const limit = kind === 'session' ? this.#limits.maxSessions : this.#limits.maxForwards;
    let count = 0;
    for (const other of this.#reserved.values()) if (other === kind) count += 1;
    if (count >= limit) return null;
    let id = 0;
    while (this.#reserved.has(id)) id += 1;
    this.#reserved.set(id, kind);
    return id;
  }

  /** Gives a reserved id back: the channel did not open. */
  release(localId: number): void {
    this.#reserved.delete(localId);
  }

  /** Opens the channel under its reserved id; the id is free again once both sides have closed. */
  open(options: ChannelOptions): Channel {
    const channel = new Channel(this.#transport, options, () => {
      this.#channels.delete(options.localId);
      this.#reserved.delete(options.localId);
    });
    this.#channels.set(options.localId, channel);
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
