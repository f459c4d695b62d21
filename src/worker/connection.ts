import { Socket } from 'node:net';
import { addon } from '../base/addon.js';
import type { Log } from '../log/log.js';
import type { Answer } from '../privsep/request-table.js';
import { Authentication } from './authentication.js';
import { ConnectionDoor } from './connection-door.js';
import { ConnectionProtocol } from './connection-protocol.js';
import { toPlainExchange } from './exchange-question.js';
import { Liveness } from './liveness.js';
import type { Login } from './login.js';
import { disconnectReason, firstConnectionMessage, lastConnectionMessage, message } from './ssh2/messages.js';
import { Transport } from './ssh2/transport.js';
import { buildPayload } from './ssh2/wire.js';

/** One accepted socket as the listener hands it over. Both descriptors belong to the connection. */
export interface HandedOver {
  readonly connectionId: string;
  readonly socketFd: number;
  readonly doorFd: number;
  /** Our identification line as the listener wrote it, without "SSH-2.0-". */
  readonly identification: string;
  /** What the listener's clock leaves for logging in. */
  readonly graceMs: number;
}

export interface ConnectionEvents {
  /** Called once; nothing of the connection is left. */
  closed(connectionId: string): void;
  /** The door is gone; the listener should bring a new one. */
  needsDoor(connectionId: string): void;
}

type Begin = Answer<'begin'>;

/** What exists only after `begin` was answered. */
interface Live {
  readonly begin: Begin;
  readonly transport: Transport;
  readonly authentication: Authentication;
  readonly graceTimer: NodeJS.Timeout;
  protocol: ConnectionProtocol | null;
  liveness: Liveness | null;
}

/** The life of one SSH connection: begin, key exchange, authentication, channels, end. */
export class Connection {
  readonly #handed: HandedOver;
  readonly #events: ConnectionEvents;
  readonly #log: Log;
  readonly #door: ConnectionDoor;
  #live: Live | null = null;
  #clientLine = '';
  #closed = false;

  constructor(handed: HandedOver, log: Log, events: ConnectionEvents) {
    this.#handed = handed;
    this.#events = events;
    this.#log = log.child({ connection: handed.connectionId });
    this.#door = new ConnectionDoor(handed.doorFd, {
      terminate: (text) => this.disconnect(text),
      lost: () => this.disconnect('The service is not available at the moment. Please try again later.'),
      wanted: () => events.needsDoor(handed.connectionId),
      resumed: (cookie) => this.#live?.transport.setCookie(cookie),
    });
    void this.#begin();
  }

  /** Takes over a new door that the listener brought. */
  adoptDoor(fd: number): void {
    void this.#door.adopt(fd);
  }

  /** Ends the connection with a plain line for the user. */
  disconnect(text: string): void {
    if (this.#live === null) this.#finish(text);
    else this.#live.transport.disconnect(disconnectReason.byApplication, text);
  }

  async #begin(): Promise<void> {
    const { socketFd } = this.#handed;
    try {
      const { answer } = await this.#door.ask('begin', {});
      if (this.#closed) return addon.close(socketFd);
      this.#start(answer, new Socket({ fd: socketFd, readable: true, writable: true, allowHalfOpen: true }));
    } catch (error) {
      addon.close(socketFd);
      this.#log.event('auth.unavailable', { error });
      this.#finish('the broker did not begin the connection');
    }
  }

  #start(begin: Begin, socket: Socket): void {
    socket.setNoDelay(true);
    const transport = new Transport(
      {
        socket,
        identification: this.#handed.identification,
        hostKeys: begin.hostKeys.map(({ type, blob }) => ({ type, blob: Buffer.from(blob, 'base64') })),
        cookie: Buffer.from(begin.cookie, 'base64'),
        sign: (parts) => {
          const signed = this.#door.sign(toPlainExchange(parts));
          transport.setCookie(signed.nextCookie);
          return signed;
        },
        canSign: () => this.#door.isOpen,
      },
      {
        identified: (line) => {
          this.#clientLine = line;
        },
        keyed: () => undefined,
        message: (type, payload) => this.#onMessage(type, payload),
        faulted: (error) => this.#log.fault('connection', error),
        writable: () => this.#live?.protocol?.wake(),
        closed: (reason) => this.#finish(reason),
      },
    );
    const authentication = new Authentication({
      transport,
      door: this.#door,
      log: this.#log,
      maxTries: begin.maxTries,
      passwordAllowed: begin.passwordAllowed,
      accepted: (login) => this.#onLogin(login),
    });
    const graceMs = Math.min(this.#handed.graceMs, begin.graceDeadlineMs);
    const graceTimer = setTimeout(() => transport.destroy('the grace time is over'), graceMs);
    this.#live = { begin, transport, authentication, graceTimer, protocol: null, liveness: null };
  }

  #onMessage(type: number, payload: Buffer): void {
    const live = this.#live;
    if (live === null) return;
    if (live.protocol === null && type >= firstConnectionMessage && type <= lastConnectionMessage) {
      live.transport.disconnect(disconnectReason.protocolError, 'not before login');
      return;
    }
    const known = live.protocol?.receive(type, payload) === true || live.authentication.receive(type, payload);
    if (!known) live.transport.sendUnimplemented();
  }

  #onLogin(login: Login): void {
    const live = this.#live;
    if (live === null || this.#closed) return;
    const { begin, transport } = live;
    clearTimeout(live.graceTimer);
    this.#door.setProof({ connectionId: this.#handed.connectionId, secret: login.resumeSecret });
    transport.setAuthenticated();
    if (login.notice !== undefined) transport.send(buildPayload(message.userauthBanner, `${login.notice}\r\n`, ''));
    transport.send(buildPayload(message.userauthSuccess));
    const { policy } = login;
    live.protocol = new ConnectionProtocol({
      transport,
      door: this.#door,
      log: this.#log.child({ account: login.account, jail: login.jail }),
      limits: { maxSessions: policy.maxSessions, maxForwards: policy.maxForwards },
      acceptEnvironment: begin.acceptEnvironment,
      allowTerminal: policy.terminal,
      allowForwarding: policy.forwarding,
      isOpenSsh: /^SSH-2\.0-OpenSSH[_-]/.test(this.#clientLine),
    });
    live.liveness = new Liveness({
      transport,
      keepaliveMs: begin.keepaliveMs,
      idleMs: policy.idleTimeMs,
    });
  }

  #finish(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const live = this.#live;
    clearTimeout(live?.graceTimer);
    live?.liveness?.stop();
    live?.protocol?.close();
    const { bytesIn, bytesOut } = live?.transport.meter ?? { bytesIn: 0, bytesOut: 0 };
    this.#log.event(live?.protocol ? 'connection.ended' : 'connection.dropped', {
      reason,
      bytesIn,
      bytesOut,
      untrusted: { client: this.#clientLine },
    });
    void this.#door.end(reason, bytesIn, bytesOut).then(() => this.#events.closed(this.#handed.connectionId));
  }
}
