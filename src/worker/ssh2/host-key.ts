import type { ExchangeParts } from './key-exchange.js';
import type { LibraryHostKey } from './protocol-types.js';
import { WireReader } from './wire.js';

/** Public half of one host key, as the broker gives it out. */
export interface PublicHostKey {
  readonly type: 'ed25519' | 'ecdsa' | 'rsa';
  readonly blob: Buffer;
}

/** What the broker answers: its own hash, and the signature blob of the reply (string algorithm, string raw). */
export interface ExchangeSignature {
  readonly hash: Buffer;
  readonly signature: Buffer;
}

export type SignExchange = (parts: ExchangeParts) => ExchangeSignature;

/**
 * The table of host keys of one connection, by algorithm in our order of preference. No private key is anywhere near: `sign` asks the
 * broker with the parts of the exchange, and the answer counts only when the broker computed the same hash as the library.
 * Each connection has its own objects, because the library calls `sign` without saying for whom.
 */
export function makeHostKeys(
  keys: readonly PublicHostKey[],
  parts: () => ExchangeParts,
  sign: SignExchange,
): Record<string, LibraryHostKey> {
  const table: Record<string, LibraryHostKey> = Object.create(null) as Record<string, LibraryHostKey>;
  for (const { blob } of keys) {
    const type = new WireReader(blob).text();
    const key: LibraryHostKey = {
      type,
      getPublicSSH: () => blob,
      sign: (hash) => signByBroker(hash, parts, sign),
    };
    for (const algorithm of type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]) table[algorithm] ??= key;
  }
  return table;
}

function signByBroker(hash: Buffer, parts: () => ExchangeParts, sign: SignExchange): Buffer | Error {
  try {
    const exchange = parts();
    const answer = sign(exchange);
    if (!answer.hash.equals(hash)) return new Error('the broker computed another exchange hash');
    const reader = new WireReader(answer.signature);
    if (reader.text() !== exchange.hostKeyAlgorithm) return new Error('the broker signed with another algorithm');
    return reader.string();
  } catch (error) {
    // Expected: the door is closed or late. The library turns a returned error into a failed handshake.
    return error instanceof Error ? error : new Error(String(error));
  }
}
