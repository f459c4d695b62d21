import { addon } from '../base/addon.js';
import type { Channel } from './channel.js';

const readBytes = 64 * 1024;
/** What one source may move before others have their turn. */
const turnBytes = 512 * 1024;

export interface OutputPumpOptions {
  /** Read end of a pipe, or a terminal's master. Closed by the owner, not here. */
  readonly fd: number;
  readonly channel: Channel;
  readonly isStderr?: boolean;
  /** Sees every chunk on its way (the SFTP feeder counts replies). */
  readonly observe?: (chunk: Buffer) => void;
  /** Called once: nothing more will come. */
  readonly ended: () => void;
}

/**
 * Moves bytes from a near end to the channel without holding any: it reads only what the window and the TCP socket have room for.
 * End of stream is what `read` says, never what the event loop thinks: on hang-up the loop gives up while the kernel still holds data.
 */
export class OutputPump {
  readonly #options: OutputPumpOptions;
  readonly #watch: { update(interest: { readable: boolean; writable: boolean }): void; close(): void };
  #watching = true;
  #finishing = false;
  #ended = false;

  constructor(options: OutputPumpOptions) {
    this.#options = options;
    this.#watch = addon.watch(options.fd, { readable: true, writable: false }, () => this.#turn());
    options.channel.onWritable(() => this.#turn());
  }

  /** The program is gone: "nothing there" now means the end. For a terminal, whose other end others may hold open. */
  finish(): void {
    this.#finishing = true;
    this.#turn();
  }

  /** Stops without an end: the channel has closed or the client wants no more. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch.close();
  }

  #turn(): void {
    const { channel, fd, isStderr = false, observe } = this.#options;
    for (let left = turnBytes; !this.#ended; ) {
      const room = channel.room();
      if (room === 0) {
        this.#setWatching(false);
        return;
      }
      if (left <= 0) {
        this.#setWatching(true);
        return;
      }
      const chunk = addon.read(fd, Math.min(room, readBytes));
      if (chunk === null && !this.#finishing) {
        this.#setWatching(true);
        return;
      }
      if (chunk === null || chunk.length === 0) {
        this.#end();
        return;
      }
      left -= chunk.length;
      observe?.(chunk);
      channel.sendData(chunk, isStderr);
    }
  }

  #setWatching(watching: boolean): void {
    if (this.#ended) return;
    if (watching !== this.#watching) this.#watch.update({ readable: watching, writable: false });
    this.#watching = watching;
  }

  #end(): void {
    this.stop();
    this.#options.ended();
  }
}
