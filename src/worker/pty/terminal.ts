import { addon } from '../../base/addon.js';
import type { Channel } from '../channel.js';
import { OutputPump } from '../output-pump.js';
import type { WindowSize } from '../terminal-request.js';
import { TerminalInput } from './terminal-input.js';
import { type WrappedMaster, wrapMaster } from './wrap-master.js';

/** Resizes closer together than this are one: a client can send ten thousand a second, and each is a signal to the program. */
const resizePauseMs = 20;

/**
 * A session's terminal, seen from its master: input by an own queue, output by an exact pump, size. node-pty wraps the very master that the
 * jail made. Owns the descriptor.
 */
export class Terminal {
  readonly #wrapped: WrappedMaster;
  readonly #input: TerminalInput;
  readonly #output: OutputPump;
  #wanted: WindowSize | null = null;
  #pause: NodeJS.Timeout | undefined;
  #closed = false;

  /** Takes over `master`; `ended` is called once all output is with the channel. */
  constructor(master: number, size: WindowSize, channel: Channel, ended: () => void) {
    this.#wrapped = wrapMaster(master, Math.max(size.columns, 1), Math.max(size.rows, 1));
    this.#input = new TerminalInput(master, (bytes) => channel.consumed(bytes));
    this.#output = new OutputPump({ fd: master, channel, ended });
    channel.attach({
      data: (chunk) => {
        this.#apply(); // a size that was sent before these bytes holds when the program reads them
        this.#input.data(chunk);
      },
      eof: () => this.#input.eof(),
    });
  }

  /** Sets the window: at once after a quiet time, else the latest size after a pause. */
  resize(size: WindowSize): void {
    this.#wanted = size;
    if (this.#pause !== undefined || this.#closed) return;
    this.#apply();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#wanted !== null) this.resize(this.#wanted);
    }, resizePauseMs);
  }

  /** The session is over: drops unread input, drains what the kernel holds, then reports the end. */
  finish(): void {
    this.#input.drop();
    this.#output.finish();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#pause);
    this.#input.drop();
    this.#output.stop();
    this.#wrapped.close();
  }

  #apply(): void {
    const size = this.#wanted;
    this.#wanted = null;
    if (size === null || this.#closed) return;
    const { columns, rows, widthPixels, heightPixels } = size;
    const isPlain = columns > 0 && rows > 0 && widthPixels === 0 && heightPixels === 0;
    if (isPlain) this.#wrapped.resize(columns, rows);
    else addon.setWindowSize(this.#wrapped.fd, columns, rows, widthPixels, heightPixels); // node-pty refuses 0 and knows no pixels
  }
}
