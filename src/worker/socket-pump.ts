import { Socket } from 'node:net';
import { ByteQueue } from './byte-queue.js';
import type { Channel, ChannelSink } from './channel.js';

/** How long the rest of a closed channel's bytes may take. */
const flushMs = 10_000;

/**
 * A forwarded connection: one socket and one channel, half-close both ways. What the socket gives is read only as far as the window has
 * room; what the client sends is acknowledged once the socket has taken it. Owns the descriptor.
 */
export class SocketPump implements ChannelSink {
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #queue = new ByteQueue();
  #writing = false;
  #sourceEnded = false;
  #clientEnded = false;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(fd: number, channel: Channel) {
    this.#channel = channel;
    this.#socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
    this.#socket.setNoDelay(true);
    this.#socket.on('readable', () => this.#move());
    this.#socket.on('end', () => this.#onSourceEnd());
    this.#socket.on('error', () => this.#finish()); // expected: reset by the other end
    this.#socket.on('close', () => this.#finish());
    channel.onWritable(() => this.#move());
    channel.onClose((connectionGone) => this.#onChannelClose(connectionGone));
    channel.attach(this);
  }

  data(chunk: Buffer): void {
    if (this.#over) {
      this.#channel.consumed(chunk.length);
      return;
    }
    this.#queue.push(chunk);
    this.#writeNext();
  }

  eof(): void {
    this.#clientEnded = true;
    this.#writeNext();
  }

  /** One write at a time: thousands of tiny ones would each cost an object in the socket's own queue. */
  #writeNext(): void {
    if (this.#writing || this.#over) return;
    const head = Buffer.from(this.#queue.head());
    if (head.length > 0) {
      this.#writing = true;
      this.#socket.write(head, () => {
        this.#writing = false;
        this.#channel.consumed(head.length);
        this.#writeNext();
      });
      this.#queue.drop(head.length);
    } else if (this.#clientEnded) {
      this.#socket.end();
      this.#closeWhenBothEnded();
    }
  }

  #move(): void {
    while (!this.#over && this.#socket.readableLength > 0) {
      const room = Math.min(this.#channel.room(), this.#socket.readableLength);
      if (room === 0) return;
      const chunk = this.#socket.read(room) as Buffer | null;
      if (chunk === null) return;
      this.#channel.sendData(chunk);
    }
    if (!this.#over) this.#socket.read(0);
  }

  #onSourceEnd(): void {
    this.#sourceEnded = true;
    this.#channel.sendEof();
    this.#closeWhenBothEnded();
  }

  /** What the client sent before it closed still belongs to the other end; one that does not take it is not waited for long. */
  #onChannelClose(connectionGone: boolean): void {
    if (connectionGone || this.#over) {
      this.#finish();
      return;
    }
    this.#sourceEnded = true;
    this.#timer = setTimeout(() => this.#finish(), flushMs);
    this.#socket.resume();
    this.eof();
  }

  #closeWhenBothEnded(): void {
    if (this.#sourceEnded && this.#clientEnded) this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket.destroySoon();
    this.#channel.close();
  }
}
