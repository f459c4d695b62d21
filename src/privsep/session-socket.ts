import { addon } from '../base/addon.js';
import { JaildError } from '../errors/jaild-error.js';
import { toFailure } from './fields-client.js';
import { type FieldsMessage, FieldsSocket } from './fields-socket.js';
import type { TerminalSize } from './jail-control-client.js';

/** The near ends of a session; they belong to whoever receives them. */
export type NearEnds =
  | { readonly kind: 'terminal'; readonly master: number }
  | { readonly kind: 'pipes'; readonly stdin: number; readonly stdout: number; readonly stderr: number };

export interface SessionEvents {
  started(pid: number, ends: NearEnds): void;
  /** The set-up failed; the fault carries stage, step, path, errno. Nothing ran. */
  failed(fault: JaildError): void;
  exited(code: number): void;
  /** `signal` without SIG. */
  signaled(signal: string, coreDumped: boolean): void;
  /** The socket ended. Without a failed, exited or signaled before it, the jail or its keeper is gone. */
  closed(fault: JaildError | null): void;
}

/** The asker's end of one session. Closing it is hang-up: the session's own group gets HUP and CONT. */
export class SessionSocket {
  readonly #socket: FieldsSocket;

  /** Takes over `fd` (from open-session or from enter). */
  constructor(fd: number, events: SessionEvents) {
    this.#socket = new FieldsSocket(fd, {
      message: (message) => deliver(events, message),
      closed: (fault) => events.closed(fault),
    });
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  /** Sets the window; each side is cut to what a terminal can hold. */
  resize(size: TerminalSize): void {
    if (this.#socket.isClosed) return;
    this.#socket.send([
      ['op', 'resize'],
      ['cols', toSide(size.columns)],
      ['rows', toSide(size.rows)],
      ['xpixels', toSide(size.widthPixels)],
      ['ypixels', toSide(size.heightPixels)],
    ]);
  }

  /** Sends a signal (`INT`, without SIG) to the session's own group. Of a flood some are dropped: signals of one kind merge anyway. */
  signal(name: string): void {
    if (this.#socket.isClosed || this.#socket.isFull) return;
    this.#socket.send([
      ['op', 'signal'],
      ['name', name],
    ]);
  }

  close(): void {
    this.#socket.close();
  }
}

function toSide(value: number): number {
  return Math.max(0, Math.min(65_535, Math.trunc(value)));
}

function deliver(events: SessionEvents, message: FieldsMessage): void {
  const { fields, fds } = message;
  const name = fields.text('ev');
  if (name === 'started') {
    events.started(fields.requireNumber('pid'), toNearEnds(fds));
    return;
  }
  for (const fd of fds) addon.close(fd);
  if (name === 'failed') events.failed(toFailure('session', fields));
  else if (name === 'exited') events.exited(fields.requireNumber('code'));
  else if (name === 'signaled') events.signaled(fields.requireText('signal'), fields.text('core') === '1');
}

function toNearEnds(fds: readonly number[]): NearEnds {
  const [first, second, third] = fds;
  if (fds.length === 1 && first !== undefined) return { kind: 'terminal', master: first };
  if (fds.length === 3 && first !== undefined && second !== undefined && third !== undefined) {
    return { kind: 'pipes', stdin: first, stdout: second, stderr: third };
  }
  for (const fd of fds) addon.close(fd);
  throw new JaildError('keeper-failed', `a session started with ${fds.length} descriptors`);
}
