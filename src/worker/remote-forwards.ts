import { type AcceptedConnection, addon, type Watch } from '../base/addon.js';
import { isErrno } from '../errors/errno.js';
import type { Log } from '../log/log.js';
import type { ConnectionDoor } from './connection-door.js';
import { parseListen } from './forward-target.js';
import type { RequestVerdict } from './request-queue.js';
import { buildPayload } from './ssh2/wire.js';

/** A connection that came in on a forwarded port: the client is asked to open a channel for it. */
export interface IncomingConnection {
  readonly fd: number;
  readonly type: 'forwarded-tcpip' | 'forwarded-streamlocal@openssh.com';
  /** What the channel open carries after its head. */
  readonly details: Buffer;
}

interface Forward {
  readonly listener: number;
  readonly watch: Watch;
}

export interface RemoteForwardsOptions {
  readonly door: ConnectionDoor;
  readonly log: Log;
  readonly maxForwards: number;
  readonly isAllowed: boolean;
  readonly incoming: (connection: IncomingConnection) => void;
}

const acceptsPerTurn = 16;

/** The ports and sockets that listen inside the jail for this connection (RFC 4254 section 7.1; OpenSSH's PROTOCOL section 2.4). */
export class RemoteForwards {
  readonly #options: RemoteForwardsOptions;
  readonly #forwards = new Map<string, Forward>();
  #over = false;

  constructor(options: RemoteForwardsOptions) {
    this.#options = options;
  }

  /** Answers with the port when the client left the choice to us. */
  async open(type: string, body: Buffer): Promise<RequestVerdict> {
    const wanted = parseListen(type, body);
    const { door, log, maxForwards, isAllowed } = this.#options;
    if (wanted === null || !isAllowed || this.#forwards.size >= maxForwards || this.#forwards.has(keyOf(wanted)))
      return false;
    const { answer, fds } = await door.ask('open-listener', wanted);
    const [listener] = fds;
    if (answer.outcome === 'refused' || listener === undefined) {
      log.event('forward.refused', { reason: answer.outcome === 'refused' ? answer.reason : 'failed' });
      return false;
    }
    if (this.#over) {
      addon.close(listener);
      return false;
    }
    const port = answer.port ?? wanted.port ?? 0;
    const bound = { ...wanted, ...(wanted.kind === 'tcp' && { port }) };
    const watch = addon.watch(listener, { readable: true }, () => this.#accept(listener, bound));
    this.#forwards.set(keyOf(bound), { listener, watch });
    return wanted.kind === 'tcp' && wanted.port === 0 ? toUint32(port) : true;
  }

  cancel(type: string, body: Buffer): boolean {
    const wanted = parseListen(type, body);
    const key = wanted === null ? '' : keyOf(wanted);
    const forward = this.#forwards.get(key);
    if (forward === undefined) return false;
    this.#forwards.delete(key);
    closeForward(forward);
    return true;
  }

  closeAll(): void {
    this.#over = true;
    for (const forward of this.#forwards.values()) closeForward(forward);
    this.#forwards.clear();
  }

  #acceptOne(listener: number): AcceptedConnection | null {
    try {
      return addon.accept(listener);
    } catch (error) {
      // Expected: the connection was reset while it waited, or descriptors have run out for the moment. After anything else the socket is
      // of no use any more: the jail's root can end it (EINVAL after SOCK_DESTROY), which must not end anybody else's connection.
      if (!isErrno(error, 'ECONNRESET', 'ECONNABORTED', 'EMFILE', 'ENFILE', 'ENOMEM')) this.#drop(listener, error);
      return null;
    }
  }

  #drop(listener: number, error: unknown): void {
    for (const [key, forward] of this.#forwards) {
      if (forward.listener !== listener) continue;
      this.#forwards.delete(key);
      closeForward(forward);
      this.#options.log.event('forward.refused', { error });
    }
  }

  #accept(
    listener: number,
    bound: {
      readonly kind: 'tcp' | 'unix';
      readonly host?: string | undefined;
      readonly port?: number | undefined;
      readonly path?: string | undefined;
    },
  ): void {
    for (let count = 0; count < acceptsPerTurn; count += 1) {
      const accepted = this.#acceptOne(listener);
      if (accepted === null) return;
      const { fd } = accepted;
      if (bound.kind === 'unix') {
        this.#options.incoming({ fd, type: 'forwarded-streamlocal@openssh.com', details: parts(bound.path ?? '', '') });
      } else {
        const details = parts(bound.host ?? '', bound.port ?? 0, accepted.address ?? '', accepted.port ?? 0);
        this.#options.incoming({ fd, type: 'forwarded-tcpip', details });
      }
    }
  }
}

function keyOf(wanted: {
  readonly kind: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
}): string {
  return wanted.kind === 'unix' ? `unix ${wanted.path ?? ''}` : `tcp ${wanted.host ?? ''} ${wanted.port ?? 0}`;
}

function closeForward(forward: Forward): void {
  forward.watch.close();
  addon.close(forward.listener);
}

/** The parts of a message without a number before them. */
function parts(...values: (string | number)[]): Buffer {
  return buildPayload(0, ...values).subarray(1);
}

function toUint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
