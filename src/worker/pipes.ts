import { addon } from '../base/addon.js';
import type { Channel, ChannelSink } from './channel.js';
import { InputPump } from './input-pump.js';
import { OutputPump } from './output-pump.js';
import { SftpFeeder } from './sftp-feeder.js';

export interface PipeEnds {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

export interface PipesOptions {
  readonly ends: PipeEnds;
  readonly channel: Channel;
  /** True for the SFTP subsystem: requests go through the feeder. */
  readonly isSftp: boolean;
  /** Both outputs have reached their end. */
  readonly ended: () => void;
  /** The program reads no more of its input. */
  readonly inputBroken: () => void;
  /** The client sent what the subsystem cannot read. */
  readonly malformed: () => void;
}

/** The three pipes of a session without a terminal. Owns the descriptors. */
export class Pipes {
  readonly #options: PipesOptions;
  readonly #input: InputPump;
  readonly #outputs: { pump: OutputPump; fd: number; open: boolean }[] = [];

  constructor(options: PipesOptions) {
    this.#options = options;
    const { ends, channel } = options;
    this.#input = new InputPump({
      fd: ends.stdin,
      consumed: (bytes) => channel.consumed(bytes),
      broken: options.inputBroken,
    });
    const feeder = options.isSftp ? new SftpFeeder({ input: this.#input, malformed: options.malformed }) : null;
    this.#addOutput(ends.stdout, false, feeder === null ? undefined : (chunk) => feeder.observeReplies(chunk));
    this.#addOutput(ends.stderr, true);
    channel.attach(feeder ?? this.#plainSink());
  }

  /** The client wants no more output: the program gets EPIPE when it writes. */
  closeOutput(): void {
    const [stdout] = this.#outputs;
    if (stdout !== undefined) this.#closeOutput(stdout);
  }

  /** The client has closed the channel: nothing is read any more, what it sent before is still delivered. */
  finishInput(delivered: () => void): void {
    for (const output of this.#outputs) this.#closeOutput(output);
    this.#input.end(delivered);
  }

  close(): void {
    this.#input.close();
    for (const output of this.#outputs) {
      if (!output.open) continue;
      output.open = false;
      output.pump.stop();
      addon.close(output.fd);
    }
  }

  #plainSink(): ChannelSink {
    return { data: (chunk) => this.#input.write(chunk), eof: () => this.#input.end() };
  }

  #addOutput(fd: number, isStderr: boolean, observe?: (chunk: Buffer) => void): void {
    const { channel } = this.#options;
    const ended = () => this.#closeOutput(output);
    const output = {
      pump: new OutputPump({ fd, channel, isStderr, ended, ...(observe && { observe }) }),
      fd,
      open: true,
    };
    this.#outputs.push(output);
  }

  #closeOutput(output: { pump: OutputPump; fd: number; open: boolean }): void {
    if (!output.open) return;
    output.open = false;
    output.pump.stop();
    addon.close(output.fd);
    if (this.#outputs.every((other) => !other.open)) this.#options.ended();
  }
}
