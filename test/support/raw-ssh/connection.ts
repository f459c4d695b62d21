import { connect, type Socket } from 'node:net';
import { type PacketCipher, plainCipher } from './packet-cipher.js';
import { message, Reader } from './wire.js';

/** What a raw client says first, and from where. */
export interface RawOptions {
  readonly port: number;
  /** Source address (another one of 127/8 counts as another source). */
  readonly from?: string;
  /** The version line without its end; null = none is sent. */
  readonly version?: string | null;
}

function isKeepalive(payload: Buffer): boolean {
  return payload[0] === message.globalRequest && new Reader(payload, 1).text() === 'keepalive@openssh.com';
}

/** Thrown by `receive` when the server has closed the connection. */
export class ConnectionEnded extends Error {}

/** An SSH connection on which every byte is under the test's control. */
export class RawConnection {
  readonly socket: Socket;
  readonly version: string;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  serverVersion = '';
  sessionId: Buffer | undefined;
  outgoing: PacketCipher = plainCipher;
  incoming: PacketCipher = plainCipher;
  /** Reason and text of the server's DISCONNECT, when there was one. */
  disconnect: { readonly reason: number; readonly text: string } | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #isOver = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, version: string) {
    this.socket = socket;
    this.version = version;
    socket.on('data', (chunk) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on('error', () => {
      // expected: the server resets those it refuses
    });
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#isOver = true;
        this.#wake?.();
        resolve();
      };
      socket.on('end', end);
      socket.on('close', end);
    });
  }

  /** Connects and exchanges the version lines. */
  static async open({ port, from, version = 'SSH-2.0-rawtest' }: RawOptions): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', ...(from === undefined ? {} : { localAddress: from }) });
    socket.setNoDelay(true);
    const connection = new RawConnection(socket, version ?? '');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    if (version !== null) {
      socket.write(`${version}\r\n`);
    }
    return connection;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes that came and were not read yet. */
  get pending(): Buffer {
    return this.#bytes;
  }

  async #more(deadlineMs: number): Promise<void> {
    if (this.#isOver) {
      throw new ConnectionEnded('the server closed the connection');
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came within ${deadlineMs} ms`)), deadlineMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  async readVersion(deadlineMs = 10_000): Promise<string> {
    let end = this.#bytes.indexOf('\n');
    while (end < 0) {
      await this.#more(deadlineMs);
      end = this.#bytes.indexOf('\n');
    }
    this.serverVersion = this.#bytes.subarray(0, end).toString().trimEnd();
    this.#bytes = this.#bytes.subarray(end + 1);
    return this.serverVersion;
  }

  send(payload: Buffer): void {
    this.socket.write(this.outgoing.seal(payload));
  }

  /** The next message, whatever it is. Throws ConnectionEnded when none comes any more. */
  async receive(deadlineMs = 10_000): Promise<Buffer> {
    for (;;) {
      const length = this.incoming.lengthOf(this.#bytes);
      if (length !== undefined && this.#bytes.length >= length) {
        const packet = this.#bytes.subarray(0, length);
        this.#bytes = this.#bytes.subarray(length);
        const payload = this.incoming.unseal(packet);
        this.#note(payload);
        if (isKeepalive(payload)) {
          this.send(Buffer.from([message.requestFailure])); // as a real client answers it
          continue;
        }
        return payload;
      }
      await this.#more(deadlineMs);
    }
  }

  /** The next message that is one of `types`; others are passed over. */
  async receiveOf(types: readonly number[], deadlineMs = 10_000): Promise<Buffer> {
    for (;;) {
      const payload = await this.receive(deadlineMs);
      if (types.includes(payload[0] ?? -1)) {
        return payload;
      }
    }
  }

  #note(payload: Buffer): void {
    if (payload[0] === message.disconnect) {
      const reader = new Reader(payload, 1);
      this.disconnect = { reason: reader.uint32(), text: reader.text() };
    }
  }

  /** True when the server closes within the deadline; what comes meanwhile is thrown away. */
  async closesWithin(deadlineMs: number): Promise<boolean> {
    const end = Date.now() + deadlineMs;
    while (!this.#isOver && Date.now() < end) {
      await Promise.race([this.ended, this.receive(end - Date.now()).catch(() => undefined)]);
    }
    return this.#isOver;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
