import { isWrongGuess } from './guess.js';
import type { LibraryKeyExchange, LibraryProtocol } from './protocol-types.js';

/** The parts of one exchange as they go into its hash (RFC 4253 section 8): what the broker needs to compute it itself. */
export interface ExchangeParts {
  readonly kex: 'curve' | 'dh';
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly hostKeyAlgorithm: string;
  readonly clientIdent: Buffer;
  readonly serverIdent: Buffer;
  readonly clientKexInit: Buffer;
  readonly serverKexInit: Buffer;
  readonly clientShare: Buffer;
  readonly serverShare: Buffer;
  readonly secret: Buffer;
}

const hashes = ['sha256', 'sha384', 'sha512'] as const;
const x25519ShareBytes = 32;

/**
 * Watches the key exchanges of one protocol instance by accessors on its two fields: puts the broker's cookie into each of our
 * KEXINITs, keeps the shared secret for the signing request, and reports the begin of each exchange.
 */
export class KeyExchangeWatch {
  #cookie: Buffer | undefined;
  #ours: Buffer | undefined;
  #exchange: LibraryKeyExchange | undefined;
  #secret: Buffer | undefined;
  readonly #protocol: LibraryProtocol;
  readonly #onBegin: () => void;

  /** `onBegin` is called when our KEXINIT is about to leave; it may throw to end the connection. */
  constructor(protocol: LibraryProtocol, firstCookie: Buffer, onBegin: () => void) {
    this.#cookie = firstCookie;
    this.#protocol = protocol;
    this.#onBegin = onBegin;
    Object.defineProperty(protocol, '_kexinit', {
      configurable: true,
      get: () => this.#ours,
      set: (value) => this.#setOurs(value),
    });
    Object.defineProperty(protocol, '_kex', {
      configurable: true,
      get: () => this.#exchange,
      set: (value) => this.#setExchange(value),
    });
  }

  /** True from our KEXINIT until both sides use the new keys. */
  get isRunning(): boolean {
    return this.#ours !== undefined;
  }

  /** Stores the cookie that the next exchange must carry. */
  setCookie(cookie: Buffer): void {
    this.#cookie = cookie;
  }

  /** The parts of the exchange that is being signed; throws when none is. */
  parts(): ExchangeParts {
    const exchange = this.#exchange;
    const hash = hashes.find((name) => name === exchange?.hashName);
    if (exchange === undefined || this.#secret === undefined || hash === undefined)
      throw new Error('no key exchange to sign');
    return {
      kex: exchange.type === 'group' ? 'dh' : 'curve',
      hash,
      hostKeyAlgorithm: exchange.negotiated.serverHostKey,
      clientIdent: exchange._remoteIdentRaw,
      serverIdent: exchange._identRaw,
      clientKexInit: exchange._remoteKexinit,
      serverKexInit: exchange._kexinit,
      clientShare: exchange.convertPublicKey(exchange._dhData),
      serverShare: exchange.getPublicKey(),
      secret: this.#secret,
    };
  }

  #setOurs(payload: Buffer | undefined): void {
    this.#ours = payload;
    if (payload === undefined) {
      this.#secret = undefined;
      return;
    }
    this.#onBegin();
    if (this.#cookie === undefined) throw new Error('a key exchange began without a cookie of the broker');
    this.#cookie.copy(payload, 1);
    this.#cookie = undefined;
  }

  #setExchange(exchange: LibraryKeyExchange | undefined): void {
    this.#exchange = exchange;
    if (exchange === undefined) return;
    const { kex, serverHostKey } = this.#protocol._offer.lists;
    this.#protocol._skipNextInboundPacket = isWrongGuess(
      exchange._remoteKexinit,
      kex.array[0] ?? '',
      serverHostKey.array[0] ?? '',
    );
    const compute = exchange.computeSecret.bind(exchange);
    exchange.computeSecret = (share) => {
      if (exchange.type === '25519' && share.length !== x25519ShareBytes)
        return new Error('the client share is not 32 bytes');
      const secret = compute(share);
      if (!(secret instanceof Error)) this.#secret = secret;
      return secret;
    };
  }
}
