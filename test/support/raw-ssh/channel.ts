import type { RawConnection } from './connection.js';
import { bool, message, payload, Reader, text, uint32 } from './wire.js';

/** How the program of a channel ended, as the server told it. */
export interface ChannelEnd {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly sawEof: boolean;
}

/** A session channel whose window is in the test's hand. */
export class RawChannel {
  readonly connection: RawConnection;
  readonly local: number;
  readonly remote: number;
  /** What the server lets us send before it adjusts. */
  sendWindow: number;
  readonly data: Buffer[] = [];
  readonly extended: Buffer[] = [];
  received = 0;
  status: number | undefined;
  signal: string | undefined;
  sawEof = false;
  isClosed = false;

  private constructor(connection: RawConnection, local: number, remote: number, sendWindow: number) {
    this.connection = connection;
    this.local = local;
    this.remote = remote;
    this.sendWindow = sendWindow;
  }

  /** Opens a session channel that advertises `window` and `maxPacket`. */
  static async open(
    connection: RawConnection,
    { local = 0, window = 2_097_152, maxPacket = 32_768 } = {},
  ): Promise<RawChannel> {
    connection.send(payload(message.channelOpen, text('session'), uint32(local), uint32(window), uint32(maxPacket)));
    const answer = await connection.receiveOf([message.channelOpenConfirmation, message.channelOpenFailure]);
    const reader = new Reader(answer, 1);
    reader.uint32();
    if (answer[0] === message.channelOpenFailure) {
      throw new Error(`channel refused: ${reader.uint32()} ${reader.text()}`);
    }
    return new RawChannel(connection, local, reader.uint32(), reader.uint32());
  }

  /** Sends a channel request; `wantReply` asks for an answer, which `answer` waits for. */
  request(type: string, ...parts: Buffer[]): void {
    this.connection.send(payload(message.channelRequest, uint32(this.remote), text(type), bool(true), ...parts));
  }

  /** The answer to the last request that wanted one. */
  async answer(deadlineMs = 10_000): Promise<boolean> {
    for (;;) {
      const received = await this.take(deadlineMs);
      if (received === message.channelSuccess || received === message.channelFailure) {
        return received === message.channelSuccess;
      }
    }
  }

  async exec(command: string | Buffer): Promise<void> {
    this.request('exec', text(command));
    if (!(await this.answer())) {
      throw new Error('exec was refused');
    }
  }

  async requestTerminal(term = 'xterm', columns = 80, rows = 24, modes: Buffer = Buffer.from([0])): Promise<boolean> {
    this.request('pty-req', text(term), uint32(columns), uint32(rows), uint32(0), uint32(0), text(modes));
    return await this.answer();
  }

  adjust(bytes: number): void {
    this.connection.send(payload(message.channelWindowAdjust, uint32(this.remote), uint32(bytes)));
  }

  send(data: Buffer): void {
    this.connection.send(payload(message.channelData, uint32(this.remote), text(data)));
  }

  close(): void {
    this.connection.send(payload(message.channelClose, uint32(this.remote)));
  }

  /** Takes in one message of this channel (others are passed over) and gives its number. */
  async take(deadlineMs = 10_000): Promise<number> {
    for (;;) {
      const received = await this.connection.receive(deadlineMs);
      const type = received[0] ?? 0;
      if (
        type >= message.channelWindowAdjust &&
        type <= message.channelFailure &&
        received.readUInt32BE(1) === this.local
      ) {
        this.#note(type, new Reader(received, 5));
        return type;
      }
    }
  }

  #note(type: number, reader: Reader): void {
    if (type === message.channelData) {
      this.#keep(this.data, reader.bytes());
    } else if (type === message.channelExtendedData) {
      reader.uint32();
      this.#keep(this.extended, reader.bytes());
    } else if (type === message.channelWindowAdjust) {
      this.sendWindow += reader.uint32();
    } else if (type === message.channelEof) {
      this.sawEof = true;
    } else if (type === message.channelClose) {
      this.isClosed = true;
    } else if (type === message.channelRequest) {
      this.#noteRequest(reader);
    }
  }

  #keep(target: Buffer[], bytes: Buffer): void {
    target.push(bytes);
    this.received += bytes.length;
  }

  #noteRequest(reader: Reader): void {
    const type = reader.text();
    reader.bool();
    if (type === 'exit-status') {
      this.status = reader.uint32();
    } else if (type === 'exit-signal') {
      this.signal = reader.text();
    }
  }

  /** Takes in everything until the server closes the channel, giving back window as it goes. */
  async drain(deadlineMs = 30_000): Promise<ChannelEnd> {
    const end = Date.now() + deadlineMs;
    while (!this.isClosed) {
      const before = this.received;
      await this.take(Math.max(1, end - Date.now()));
      if (this.received > before) {
        this.adjust(this.received - before);
      }
    }
    this.close();
    return { status: this.status, signal: this.signal, sawEof: this.sawEof };
  }

  get output(): Buffer {
    return Buffer.concat(this.data);
  }
}
