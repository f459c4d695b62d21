import { addon } from '../../base/addon.js';
import { JaildError } from '../../errors/jaild-error.js';
import { type NearEnds, type SessionEvents, SessionSocket } from '../../privsep/session-socket.js';
import { BytePump, type PumpEnd, type PumpEnds } from './byte-pump.js';
import type { CallerTerminal } from './caller-terminal.js';
import type { SessionEnd } from './session-end.js';
import { onSignals, type RelayedSignal } from './signals.js';

/** The caller's own ends of a relayed session; they stay open. */
export interface LocalEnds {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  /** Set when the session was opened with a terminal. */
  readonly terminal: CallerTerminal | null;
}

/**
 * Relays between a session in a jail and the caller until the program has ended and its output is delivered. Takes over `fd`, the session
 * socket. A fault (`keeper-failed`, `jail-not-running`) means that nothing ran.
 */
export async function relaySession(fd: number, local: LocalEnds): Promise<SessionEnd> {
  return await new SessionRelay(fd, local).run();
}

class SessionRelay implements SessionEvents {
  readonly #local: LocalEnds;
  readonly #socket: SessionSocket;
  readonly #started: Promise<NearEnds>;
  readonly #ended: Promise<SessionEnd>;
  #settleStart!: (ends: NearEnds) => void;
  #failStart!: (fault: JaildError) => void;
  #settleEnd!: (end: SessionEnd) => void;
  /** What is undone at the end, last first. */
  readonly #undo: (() => void)[] = [];
  #outputs: readonly BytePump[] = [];
  #isOver = false;

  constructor(fd: number, local: LocalEnds) {
    this.#local = local;
    this.#started = new Promise((resolve, reject) => {
      this.#settleStart = resolve;
      this.#failStart = reject;
    });
    this.#ended = new Promise((resolve) => {
      this.#settleEnd = resolve;
    });
    this.#socket = new SessionSocket(fd, this);
  }

  async run(): Promise<SessionEnd> {
    this.#undo.push(
      () => this.#socket.close(),
      onSignals((name) => this.#onSignal(name)),
    );
    try {
      const ends = await this.#started;
      const input = ends.kind === 'terminal' ? this.#relayTerminal(ends.master) : this.#relayPipes(ends);
      const end = await this.#ended;
      this.#isOver = true;
      input.stop();
      if (ends.kind === 'terminal' || end.how === 'lost') for (const output of this.#outputs) output.finish();
      await Promise.all([input.done, ...this.#outputs.map((output) => output.done)]);
      return end;
    } finally {
      for (const undo of this.#undo.reverse()) undo();
    }
  }

  #relayTerminal(master: number): BytePump {
    const { stdin, stdout, terminal } = this.#local;
    this.#closeAtEnd(master);
    if (terminal !== null) {
      this.#undo.push(
        terminal.onResize(() => this.#socket.resize(terminal.size())),
        terminal.enterRawMode(),
      );
      this.#socket.resize(terminal.size()); // it may have changed while the session was being opened
    }
    const output = this.#pump({ from: master, to: stdout }, (how) => {
      if (how === 'broken') this.#hangUp('HUP'); // nobody sees the terminal any more
    });
    this.#outputs = [output];
    return this.#pump({ from: stdin, to: master, toMaster: true }, () => undefined);
  }

  #relayPipes(ends: Extract<NearEnds, { kind: 'pipes' }>): BytePump {
    this.#outputs = [
      this.#relayOutput(ends.stdout, this.#local.stdout),
      this.#relayOutput(ends.stderr, this.#local.stderr),
    ];
    const closeInput = this.#closeAtEnd(ends.stdin);
    // The program sees the end of its input, while its output goes on.
    return this.#pump({ from: this.#local.stdin, to: ends.stdin }, closeInput);
  }

  #relayOutput(from: number, to: number): BytePump {
    const close = this.#closeAtEnd(from);
    // When nobody reads ours any more, the program must hear of it at its next write.
    return this.#pump({ from, to }, close);
  }

  #pump(ends: PumpEnds, rested: (how: PumpEnd) => void): BytePump {
    const pump = new BytePump(ends);
    this.#undo.push(() => pump.stop()); // before its descriptors are closed
    pump.done.then(rested, () => undefined); // a fault is thrown where all pumps are waited for
    return pump;
  }

  /** The result closes it at once; whichever comes first does. */
  #closeAtEnd(fd: number): () => void {
    let isOpen = true;
    const close = (): void => {
      if (isOpen) addon.close(fd);
      isOpen = false;
    };
    this.#undo.push(close);
    return close;
  }

  /** Without a terminal a signal to us is meant for the program, as if it ran here. */
  #onSignal(name: RelayedSignal): void {
    if (this.#isOver) {
      for (const output of this.#outputs) output.finish();
    } else if (this.#local.terminal !== null || this.#outputs.length === 0 || name === 'HUP') this.#hangUp(name);
    else this.#socket.signal(name);
  }

  #hangUp(name: string): void {
    this.#failStart(new JaildError('jail-not-running', 'interrupted before the program had started'));
    this.#settleEnd({ how: 'signaled', signal: name }); // before the socket closes, which would settle it as lost
    this.#socket.close();
    for (const output of this.#outputs) output.finish();
  }

  started(_pid: number, ends: NearEnds): void {
    this.#settleStart(ends);
  }

  failed(fault: JaildError): void {
    this.#failStart(fault);
  }

  exited(code: number): void {
    this.#settleEnd({ how: 'exited', code });
  }

  signaled(signal: string): void {
    this.#settleEnd({ how: 'signaled', signal });
  }

  closed(fault: JaildError | null): void {
    this.#failStart(
      new JaildError('jail-not-running', 'the jail ended before the program had started', { cause: fault }),
    );
    this.#settleEnd({ how: 'lost' });
  }
}
