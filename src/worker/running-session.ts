import type { NearEnds } from '../privsep/session-socket.js';
import type { Channel } from './channel.js';
import { buildExitRequest, type SessionEnd } from './exit-status.js';
import { Pipes } from './pipes.js';
import { Terminal } from './pty/terminal.js';
import type { SessionLink } from './session-link.js';
import { tellUser } from './session-text.js';
import { message } from './ssh2/messages.js';
import { buildPayload } from './ssh2/wire.js';
import type { WindowSize } from './terminal-request.js';

/**
 * How long the end of the output waits for the program's: dropbear's client closes the channel at end of file and would never learn the
 * status. A program that closes its outputs and goes on has its end of file sent after this.
 */
const eofPauseMs = 200;

/** How long the input of a closed channel may take to reach its program, and how long that may take to end by itself. */
const deliveryMs = 10_000;
const hangUpPauseMs = 1_000;

export interface RunningSessionOptions {
  readonly channel: Channel;
  readonly link: SessionLink;
  readonly ends: NearEnds;
  readonly size: WindowSize | null;
  readonly isSftp: boolean;
  /** The client is one that understands eow@openssh.com. */
  readonly knowsEndOfWrite: boolean;
}

/**
 * A started program with its near ends and its channel. It ends when the program has and all output is with the channel: then exit
 * status, end of file, close. When the client closes first, the session is hung up.
 */
export class RunningSession {
  readonly #options: RunningSessionOptions;
  readonly #terminal: Terminal | null = null;
  readonly #pipes: Pipes | null = null;
  #outputEnded = false;
  #eofTimer: NodeJS.Timeout | undefined;
  #hangUpTimer: NodeJS.Timeout | undefined;
  #end: SessionEnd | null | undefined;
  #over = false;

  /** Takes over link and ends. */
  constructor(options: RunningSessionOptions) {
    this.#options = options;
    const { channel, ends, size, isSftp } = options;
    const ended = () => this.#onOutputEnd();
    if (ends.kind === 'terminal') {
      const start = size ?? { columns: 80, rows: 24, widthPixels: 0, heightPixels: 0 };
      this.#terminal = new Terminal(ends.master, start, channel, ended);
    } else {
      this.#pipes = new Pipes({
        ends,
        channel,
        isSftp,
        ended,
        inputBroken: () => this.#tellEndOfWrite(),
        malformed: () => {
          channel.close();
          this.#release();
        },
      });
    }
    channel.onClose((connectionGone) => this.#onChannelClose(connectionGone));
    void options.link.end.then((end) => this.#onProgramEnd(end));
  }

  get hasTerminal(): boolean {
    return this.#terminal !== null;
  }

  resize(size: WindowSize): void {
    this.#terminal?.resize(size);
  }

  signal(name: string): void {
    this.#options.link.signal(name);
  }

  /** The client wants no more output (eow@openssh.com). */
  closeOutput(): void {
    this.#pipes?.closeOutput();
  }

  /**
   * A client that closes the channel of a program with pipes (some libraries do it right behind the data) leaves it a moment to take its
   * input and to end by itself, as sshd does; a terminal is hung up at once, and so is everything when the connection is gone.
   */
  #onChannelClose(connectionGone: boolean): void {
    if (connectionGone || this.#pipes === null || this.#over) {
      this.#release();
      return;
    }
    this.#hangUpTimer = setTimeout(() => this.#release(), deliveryMs);
    this.#pipes.finishInput(() => {
      clearTimeout(this.#hangUpTimer);
      this.#hangUpTimer = setTimeout(() => this.#release(), hangUpPauseMs);
    });
  }

  #onProgramEnd(end: SessionEnd | null): void {
    this.#end = end;
    if (this.#over) return;
    if (end === null) {
      tellUser(this.#options.channel, 'the jail has ended', this.hasTerminal);
      this.#pipes?.close();
      this.#outputEnded = true;
    }
    this.#terminal?.finish();
    this.#finishWhenDone();
  }

  #onOutputEnd(): void {
    this.#outputEnded = true;
    this.#eofTimer = setTimeout(() => this.#options.channel.sendEof(), eofPauseMs);
    this.#finishWhenDone();
  }

  #finishWhenDone(): void {
    if (this.#over || !this.#outputEnded || this.#end === undefined) return;
    const { channel } = this.#options;
    const end = this.#end ?? { how: 'signaled', signal: 'KILL', coreDumped: false };
    channel.sendRequest(buildExitRequest(channel.remoteId, end));
    channel.sendEof();
    this.#release();
    channel.close();
  }

  #tellEndOfWrite(): void {
    const { channel, knowsEndOfWrite } = this.#options;
    if (knowsEndOfWrite)
      channel.sendRequest(buildPayload(message.channelRequest, channel.remoteId, 'eow@openssh.com', false));
  }

  #release(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#eofTimer);
    clearTimeout(this.#hangUpTimer);
    this.#options.link.close(); // first: who is hung up should hear of it before its pipes break
    this.#terminal?.close();
    this.#pipes?.close();
  }
}
