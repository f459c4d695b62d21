import { addon } from '../base/addon.js';
import type { JaildError } from '../errors/jaild-error.js';
import { type NearEnds, type SessionEvents, SessionSocket } from '../privsep/session-socket.js';
import type { SessionEnd } from './exit-status.js';

/** How a set-up came out. */
export type SetUp =
  | { readonly outcome: 'started'; readonly ends: NearEnds }
  | { readonly outcome: 'failed'; readonly fault: JaildError | null };

/** The session socket as two promises: the set-up, then the end. What comes early is kept. */
export class SessionLink implements SessionEvents {
  readonly setUp: Promise<SetUp>;
  /** Null when jail or keeper went away without a word. */
  readonly end: Promise<SessionEnd | null>;
  readonly #socket: SessionSocket;
  #isStarted = false;
  #isAborted = false;
  #settleSetUp!: (setUp: SetUp) => void;
  #settleEnd!: (end: SessionEnd | null) => void;

  /** Takes over `fd`. */
  constructor(fd: number) {
    this.setUp = new Promise((resolve) => {
      this.#settleSetUp = resolve;
    });
    this.end = new Promise((resolve) => {
      this.#settleEnd = resolve;
    });
    this.#socket = new SessionSocket(fd, this);
  }

  /** Sends a signal (without SIG) to the session's own group. */
  signal(name: string): void {
    this.#socket.signal(name);
  }

  /** Hangs up: the session's group gets HUP. After its end this only closes the socket. */
  close(): void {
    this.#isAborted = true;
    this.#socket.close();
  }

  started(_pid: number, ends: NearEnds): void {
    if (this.#isAborted || this.#isStarted) {
      closeEnds(ends);
      return;
    }
    this.#isStarted = true;
    this.#settleSetUp({ outcome: 'started', ends });
  }

  failed(fault: JaildError): void {
    this.#settleSetUp({ outcome: 'failed', fault });
  }

  exited(code: number): void {
    this.#settleEnd({ how: 'exited', code });
  }

  signaled(signal: string, coreDumped: boolean): void {
    this.#settleEnd({ how: 'signaled', signal, coreDumped });
  }

  closed(fault: JaildError | null): void {
    this.#settleSetUp({ outcome: 'failed', fault });
    this.#settleEnd(null);
  }
}

/** Closes near ends that nobody wants any more. */
export function closeEnds(ends: NearEnds): void {
  const fds = ends.kind === 'terminal' ? [ends.master] : [ends.stdin, ends.stdout, ends.stderr];
  for (const fd of fds) addon.close(fd);
}
