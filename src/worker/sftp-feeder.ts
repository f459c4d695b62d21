import { ByteQueue } from './byte-queue.js';
import type { ChannelSink } from './channel.js';
import type { InputPump } from './input-pump.js';
import { checkFrameLength, SftpFrameCounter } from './sftp-frames.js';

/** Requests that the server may owe replies to: more only makes it move memory (PuTTY's uploads: 1 s instead of 60 s). */
const maxUnansweredBytes = 128 * 1024;
const headerBytes = 4;

export interface SftpFeederOptions {
  readonly input: Pick<InputPump, 'write' | 'end'>;
  /** The client sent something that is no SFTP; the channel has to close. */
  readonly malformed: () => void;
}

/**
 * Stands between a client and `sftp-server`: lets whole requests through while few are unanswered, and keeps the client's end of file
 * back until all replies are out (the server exits at end of file without sending what it still owes).
 */
export class SftpFeeder implements ChannelSink {
  readonly #options: SftpFeederOptions;
  readonly #waiting = new ByteQueue();
  readonly #unanswered: number[] = [];
  readonly #replies = new SftpFrameCounter();
  #unansweredBytes = 0;
  #frameLeft = 0;
  #eof = false;
  #over = false;

  constructor(options: SftpFeederOptions) {
    this.#options = options;
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    this.#waiting.push(chunk);
    this.#guard(() => this.#feed());
  }

  eof(): void {
    this.#eof = true;
    this.#endWhenAnswered();
  }

  /** To be called with everything that the server writes: each complete frame answers the oldest request. */
  observeReplies(chunk: Buffer): void {
    if (this.#over) return;
    this.#guard(() => {
      this.#replies.feed(chunk, () => {
        this.#unansweredBytes -= this.#unanswered.shift() ?? 0;
      });
      this.#feed();
    });
  }

  #feed(): void {
    while (this.#waiting.length > 0) {
      if (this.#frameLeft === 0 && !this.#admit()) break;
      const head = this.#waiting.head();
      const part = head.subarray(0, this.#frameLeft);
      this.#options.input.write(part);
      this.#frameLeft -= part.length;
      this.#waiting.drop(part.length);
    }
    this.#endWhenAnswered();
  }

  /** Begins the next frame when its length is known and the server owes little. */
  #admit(): boolean {
    const header = this.#waiting.copyHead(headerBytes);
    if (header === null) return false;
    const bytes = headerBytes + checkFrameLength(header.readUInt32BE(0));
    if (this.#unanswered.length > 0 && this.#unansweredBytes + bytes > maxUnansweredBytes) return false;
    this.#unanswered.push(bytes);
    this.#unansweredBytes += bytes;
    this.#frameLeft = bytes;
    return true;
  }

  #endWhenAnswered(): void {
    const cutOff = this.#frameLeft > 0 ? 1 : 0; // a request whose rest never comes gets no reply
    if (!this.#eof || this.#over || this.#unanswered.length > cutOff) return;
    this.#over = true;
    this.#options.input.end();
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#over = true;
      this.#options.malformed();
    }
  }
}
