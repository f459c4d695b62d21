import { addon } from '../base/addon.js';
import { isPeerGone } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { encodeFrame, type Frame, FrameDecoder, maxFrameDescriptors } from './frame.js';

const readBytes = 64 * 1024;
const framesPerTurn = 8;
const maxQueuedBytes = 2 * 1024 * 1024;

export interface FrameSocketHandlers {
  /** One message; its descriptors belong to the handler now. */
  frame(frame: Frame): void;
  /** Called once. `fault` is null when the other end closed in good order or `close` was called here. */
  closed(fault: JaildError | null): void;
}

/**
 * One end of a door: cuts the stream into messages, queues what cannot be sent at once, owns the descriptor.
 * At most a few messages are handled per turn of the event loop, so that one loud peer cannot keep out the others.
 */
export class FrameSocket {
  readonly #fd: number;
  readonly #handlers: FrameSocketHandlers;
  readonly #decoder: FrameDecoder;
  readonly #watch: { update(interest: { readable: boolean; writable: boolean }): void; close(): void };
  readonly #ready: Frame[] = [];
  #outgoing: { data: Buffer; fds: readonly number[] }[] = [];
  #outgoingBytes = 0;
  #reading = true;
  #closed = false;
  #turn: NodeJS.Immediate | undefined;

  constructor(fd: number, limitBytes: number, handlers: FrameSocketHandlers) {
    this.#fd = fd;
    this.#handlers = handlers;
    this.#decoder = new FrameDecoder(limitBytes);
    this.#watch = addon.watch(fd, { readable: true, writable: false }, () => this.#onReady());
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  setLimit(limitBytes: number): void {
    this.#decoder.setLimit(limitBytes);
  }

  /** Stops or resumes taking messages (back-pressure for a peer with too many unanswered questions). */
  setReading(reading: boolean): void {
    this.#reading = reading;
    this.#updateWatch();
    if (reading) this.#scheduleTurn();
  }

  /** Sends one message. Takes over `fds`: they are closed here once sent, or when the socket ends before that. */
  send(message: object, fds: readonly number[] = []): void {
    if (this.#closed) {
      fds.forEach((fd) => addon.close(fd));
      return;
    }
    const data = encodeFrame(message, fds.length);
    this.#outgoing.push({ data, fds });
    this.#outgoingBytes += data.length;
    if (this.#outgoingBytes > maxQueuedBytes) {
      this.#end(new JaildError('door-closed', 'the other end of the door does not read'));
      return;
    }
    this.#guard(() => this.#flush());
  }

  /**
   * Sends one message and reads, with the event loop standing still, until `wanted` accepts a message or the time is over.
   * Other messages that arrive meanwhile are handled in the usual way afterwards.
   */
  exchangeBlocking(message: object, wanted: (frame: Frame) => boolean, deadlineMs: number): Frame {
    if (this.#closed) throw new JaildError('door-closed', 'the door is closed');
    const endMs = performance.now() + deadlineMs;
    const data = encodeFrame(message);
    this.#outgoing.push({ data, fds: [] });
    this.#outgoingBytes += data.length;
    try {
      for (;;) {
        const leftMs = Math.ceil(endMs - performance.now());
        if (leftMs <= 0) throw new JaildError('door-timeout', `no answer within ${deadlineMs} ms`);
        this.#flush();
        const found = this.#readBlocking(wanted, this.#outgoing.length > 0 ? Math.min(leftMs, 5) : leftMs);
        if (found !== null) return found;
      }
    } catch (cause) {
      // Expected: our own faults, or EPIPE, ECONNRESET, EBADMSG of the socket.
      throw isJaildError(cause) ? cause : new JaildError('door-closed', 'the door broke', { cause });
    } finally {
      this.#updateWatch();
      this.#scheduleTurn();
    }
  }

  /** Ends the socket; a second call is harmless. */
  close(): void {
    this.#end(null);
  }

  #readBlocking(wanted: (frame: Frame) => boolean, waitMs: number): Frame | null {
    const received = addon.recvBlocking(this.#fd, readBytes, maxFrameDescriptors, waitMs);
    if (received === null) return null;
    if (received.data.length === 0) {
      throw new JaildError('door-closed', 'the other end of the door closed while an answer was awaited');
    }
    let found: Frame | null = null;
    for (const frame of this.#decoder.feed(received.data, received.fds)) {
      if (found === null && wanted(frame)) found = frame;
      else this.#ready.push(frame);
    }
    return found;
  }

  #onReady(): void {
    this.#guard(() => {
      this.#flush();
      if (this.#reading && this.#ready.length === 0) this.#receive();
    });
    this.#deliver();
  }

  #receive(): void {
    const received = addon.recv(this.#fd, readBytes, maxFrameDescriptors);
    if (received === null) return;
    if (received.data.length === 0) {
      this.#end(null);
      return;
    }
    this.#ready.push(...this.#decoder.feed(received.data, received.fds));
  }

  #deliver(): void {
    for (let count = 0; count < framesPerTurn && this.#reading && !this.#closed; count += 1) {
      const frame = this.#ready.shift();
      if (frame === undefined) break;
      this.#handlers.frame(frame);
    }
    this.#updateWatch();
    if (this.#ready.length > 0 && this.#reading) this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turn !== undefined || this.#closed || this.#ready.length === 0) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#deliver();
    });
  }

  #flush(): void {
    for (let head = this.#outgoing[0]; head !== undefined && !this.#closed; head = this.#outgoing[0]) {
      const sent = this.#trySend(head);
      if (sent === null) break;
      head.fds.forEach((fd) => addon.close(fd));
      this.#outgoingBytes -= sent;
      if (sent < head.data.length) this.#outgoing[0] = { data: head.data.subarray(sent), fds: [] };
      else this.#outgoing.shift();
    }
    this.#updateWatch();
  }

  /** When the other end is gone its last words may still be here: reading goes on, and finds the end. */
  #trySend({ data, fds }: { data: Buffer; fds: readonly number[] }): number | null {
    try {
      return addon.send(this.#fd, data, [...fds]);
    } catch (error) {
      if (!isPeerGone(error)) throw error;
      for (const entry of this.#outgoing.splice(0)) for (const fd of entry.fds) addon.close(fd);
      this.#outgoingBytes = 0;
      return null;
    }
  }

  #updateWatch(): void {
    if (this.#closed) return;
    this.#watch.update({ readable: this.#reading && this.#ready.length === 0, writable: this.#outgoing.length > 0 });
  }

  #guard(work: () => void): void {
    if (this.#closed) return;
    try {
      work();
    } catch (cause) {
      // Expected: a malformed frame (ours), or EPIPE, ECONNRESET, EBADMSG of the socket.
      const fault = isJaildError(cause) ? cause : new JaildError('door-closed', 'the door broke', { cause });
      this.#end(fault);
    }
  }

  #end(fault: JaildError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#turn);
    this.#watch.close();
    const unclaimed = [
      ...this.#decoder.takeDescriptors(),
      ...this.#outgoing.flatMap((entry) => entry.fds),
      ...this.#ready.flatMap((frame) => frame.fds),
    ];
    this.#outgoing = [];
    this.#ready.length = 0;
    for (const fd of [...unclaimed, this.#fd]) addon.close(fd);
    this.#handlers.closed(fault);
  }
}
