import { addon, type ReceivedMessage } from '../base/addon.js';
import { isErrno } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { decodeFields, encodeFields, type Field, type FieldsReader, fieldsLimits } from './fields.js';

const maxDescriptors = 8;
const messagesPerTurn = 16;
const maxQueuedMessages = 256;

export interface FieldsMessage {
  readonly fields: FieldsReader;
  /** Belong to the receiver. */
  readonly fds: readonly number[];
}

export interface FieldsSocketHandlers {
  message(message: FieldsMessage): void;
  /** Called once; null when the other end closed in good order or `close` was called here. */
  closed(fault: JaildError | null): void;
}

/** One end of a SOCK_SEQPACKET socket that speaks the fields format: one packet, one message. Owns the descriptor. */
export class FieldsSocket {
  readonly #fd: number;
  readonly #handlers: FieldsSocketHandlers;
  readonly #watch: { update(interest: { readable: boolean; writable: boolean }): void; close(): void };
  readonly #outgoing: { data: Buffer; fds: readonly number[] }[] = [];
  #closed = false;

  constructor(fd: number, handlers: FieldsSocketHandlers) {
    this.#fd = fd;
    this.#handlers = handlers;
    this.#watch = addon.watch(fd, { readable: true, writable: false }, () => this.#onReady());
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The other end has not taken what was sent: `send` throws now. */
  get isFull(): boolean {
    return this.#outgoing.length >= maxQueuedMessages;
  }

  /** Sends one message. Takes over `fds`: they are closed here once sent, or when the socket ends before that. */
  send(fields: readonly Field[], fds: readonly number[] = []): void {
    if (this.#closed) {
      for (const fd of fds) addon.close(fd);
      throw new JaildError('keeper-unreachable', 'the socket to native code is closed');
    }
    const data = encodeFields(fields);
    if (this.isFull) {
      for (const fd of fds) addon.close(fd);
      throw new JaildError('keeper-unreachable', 'native code does not take messages');
    }
    this.#outgoing.push({ data, fds });
    this.#guard(() => this.#flush());
  }

  /** Ends the socket; a second call is harmless. */
  close(): void {
    this.#end(null);
  }

  #onReady(): void {
    this.#guard(() => {
      this.#flush();
      for (let count = 0; count < messagesPerTurn && !this.#closed; count += 1) {
        const received = this.#receive();
        if (received === null) return;
        if (received.data.length === 0) return this.#end(null);
        this.#handlers.message({ fields: this.#decode(received), fds: received.fds });
      }
    });
  }

  /** What the other end said before it closed counts, also when it closed with messages of ours unread: the kernel reports that first, once. */
  #receive(): ReceivedMessage | null {
    try {
      return addon.recv(this.#fd, fieldsLimits.messageBytes, maxDescriptors);
    } catch (error) {
      if (!isErrno(error, 'ECONNRESET')) throw error;
      return addon.recv(this.#fd, fieldsLimits.messageBytes, maxDescriptors);
    }
  }

  #decode(received: { data: Buffer; fds: readonly number[] }): FieldsReader {
    try {
      return decodeFields(received.data);
    } catch (fault) {
      // Expected: a message outside the format; what came with it must not stay open.
      for (const fd of received.fds) addon.close(fd);
      throw fault;
    }
  }

  #flush(): void {
    for (let head = this.#outgoing[0]; head !== undefined && !this.#closed; head = this.#outgoing[0]) {
      if (!this.#isSent(head)) break;
      for (const fd of head.fds) addon.close(fd);
      this.#outgoing.shift();
    }
    if (!this.#closed) this.#watch.update({ readable: true, writable: this.#outgoing.length > 0 });
  }

  /** False when there is no room. To an end that has closed nothing is sent any more; its last words are still to be read. */
  #isSent({ data, fds }: { data: Buffer; fds: readonly number[] }): boolean {
    try {
      return addon.send(this.#fd, data, [...fds]) !== null;
    } catch (error) {
      if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw error;
      return true;
    }
  }

  #guard(work: () => void): void {
    if (this.#closed) return;
    try {
      work();
    } catch (cause) {
      // Expected: a malformed message (ours), or EBADMSG of the socket.
      this.#end(
        isJaildError(cause)
          ? cause
          : new JaildError('keeper-unreachable', 'the socket to native code broke', { cause }),
      );
    }
  }

  #end(fault: JaildError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    for (const fd of [...this.#outgoing.splice(0).flatMap((entry) => entry.fds), this.#fd]) addon.close(fd);
    this.#handlers.closed(fault);
  }
}
