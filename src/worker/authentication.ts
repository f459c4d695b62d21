import type { Log } from '../log/log.js';
import { checkPassword } from './auth-password.js';
import { checkPublicKey } from './auth-publickey.js';
import type { ConnectionDoor } from './connection-door.js';
import type { Login, MethodRequest, MethodVerdict } from './login.js';
import { disconnectReason, message } from './ssh2/messages.js';
import type { Transport } from './ssh2/transport.js';
import { buildPayload, WireError, WireReader } from './ssh2/wire.js';

export interface AuthenticationOptions {
  readonly transport: Transport;
  readonly door: ConnectionDoor;
  readonly log: Log;
  readonly maxTries: number;
  readonly passwordAllowed: boolean;
  readonly accepted: (login: Login) => void;
}

const service = 'ssh-connection';
const maxWaiting = 32;
const maxNameBytes = 1024;

/**
 * The authentication service of one connection (RFC 4252): one request at a time, in order, whatever the client pipelines. Every
 * decision is the broker's; what can be refused without looking anything up is refused here, the same for every name.
 */
export class Authentication {
  readonly #options: AuthenticationOptions;
  readonly #methods: readonly ('publickey' | 'password')[];
  readonly #waiting: Buffer[] = [];
  #serviceAccepted = false;
  #busy = false;
  #over = false;
  #user: string | null = null;
  #askedForMethods = false;
  #failures = 0;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
    this.#methods = options.passwordAllowed ? ['publickey', 'password'] : ['publickey'];
  }

  /** Handles one message before login; false when its number means nothing here. */
  receive(type: number, payload: Buffer): boolean {
    if (type === message.serviceRequest) this.#acceptService(new WireReader(payload, 1).text());
    else if (type === message.userauthRequest) this.#enqueue(payload);
    else return false;
    return true;
  }

  #acceptService(name: string): void {
    if (name !== 'ssh-userauth') {
      this.#end(disconnectReason.serviceNotAvailable, 'this service is not available');
      return;
    }
    this.#serviceAccepted = true;
    this.#options.transport.send(buildPayload(message.serviceAccept, name));
  }

  #enqueue(payload: Buffer): void {
    if (this.#over) return; // after success further requests are ignored (RFC 4252 section 5.1)
    if (!this.#serviceAccepted) {
      this.#end(disconnectReason.protocolError, 'authentication was not asked for');
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      this.#end(disconnectReason.protocolError, 'too many authentication requests at once');
      return;
    }
    if (!this.#busy) {
      this.#begin(payload);
      return;
    }
    this.#waiting.push(Buffer.from(payload));
  }

  #begin(payload: Buffer): void {
    const reader = new WireReader(payload, 1);
    const userBytes = reader.string();
    const user = userBytes.toString('utf8');
    if (reader.text() !== service) {
      this.#end(disconnectReason.serviceNotAvailable, 'this service is not available');
      return;
    }
    if (this.#user !== null && this.#user !== user) {
      this.#end(disconnectReason.protocolError, 'the user name may not change');
      return;
    }
    this.#user = user;
    const method = reader.text();
    const isNameUsable = userBytes.length <= maxNameBytes && Buffer.from(user, 'utf8').equals(userBytes);
    if (method === 'none') {
      const isFirst = !this.#askedForMethods;
      this.#askedForMethods = true;
      this.#fail(!isFirst);
      return;
    }
    if (!isNameUsable) {
      this.#fail(true);
      return;
    }
    this.#decide(method, { user, reader });
  }

  #decide(method: string, request: MethodRequest): void {
    const check = this.#checkOf(method);
    if (check === null) {
      this.#fail(true);
      return;
    }
    this.#busy = true;
    check(this.#options.door, request)
      .then((verdict) => this.#settle(method, verdict))
      .catch((error: unknown) => this.#onFault(error));
  }

  /** Expected: a malformed request; the broker is away or late. Never a success, never a plain "wrong". */
  #onFault(error: unknown): void {
    if (error instanceof WireError) {
      this.#end(disconnectReason.protocolError, error.message);
      return;
    }
    this.#options.log.event('auth.unavailable', { error });
    this.#unavailable();
  }

  #checkOf(method: string): typeof checkPassword | null {
    if (method === 'publickey') return checkPublicKey;
    return method === 'password' && this.#options.passwordAllowed ? checkPassword : null;
  }

  #settle(method: string, verdict: MethodVerdict): void {
    this.#busy = false;
    if (this.#over || this.#options.transport.isClosed) return;
    switch (verdict.outcome) {
      case 'accepted':
        this.#over = true;
        this.#waiting.length = 0;
        this.#options.accepted(verdict);
        return;
      case 'prove':
        this.#options.transport.send(verdict.payload);
        this.#next();
        return;
      case 'unavailable':
        this.#unavailable();
        return;
      case 'partial':
        this.#answerFailure(verdict.methods, true);
        return;
      case 'rejected':
        if (verdict.triesLeft <= 0) {
          this.#tooMany();
          return;
        }
        this.#fail(true, verdict.methods);
        return;
      case 'oversized':
        this.#fail(true);
        return;
      case 'known':
        throw new Error(`${method} was answered like a question`);
    }
  }

  #fail(counts: boolean, methods: readonly string[] = this.#methods): void {
    if (counts) this.#failures += 1;
    if (this.#failures >= this.#options.maxTries) {
      this.#tooMany();
      return;
    }
    this.#answerFailure(methods, false);
  }

  #answerFailure(methods: readonly string[], partial: boolean): void {
    this.#options.transport.send(buildPayload(message.userauthFailure, methods.join(','), partial));
    this.#next();
  }

  #next(): void {
    const payload = this.#over ? undefined : this.#waiting.shift();
    if (payload !== undefined) this.#options.transport.run(() => this.#begin(payload));
  }

  #tooMany(): void {
    this.#end(disconnectReason.noMoreAuthMethods, 'Too many authentication failures');
  }

  #unavailable(): void {
    this.#end(disconnectReason.byApplication, 'The service is not available at the moment. Please try again later.');
  }

  #end(reason: number, text: string): void {
    this.#over = true;
    this.#waiting.length = 0;
    this.#options.transport.disconnect(reason, text);
  }
}
