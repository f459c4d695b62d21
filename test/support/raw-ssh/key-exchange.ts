import {
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { RawConnection } from './connection.js';
import { gcmCipher } from './packet-cipher.js';
import { bool, message, mpint, payload, Reader, text, uint32 } from './wire.js';

/** The name lists of a KEXINIT that a test may change. */
export interface Offer {
  readonly kex?: string;
  readonly hostKey?: string;
  readonly cipher?: string;
  readonly mac?: string;
  readonly compression?: string;
  /** Sent right after our KEXINIT, which then says that a guess follows. */
  readonly guess?: Buffer;
}

const strictMarker = 'kex-strict-c-v00@openssh.com';

/** Our KEXINIT; with the strict marker unless the offer names its key exchanges itself. */
export function kexInit(offer: Offer = {}): Buffer {
  const cipher = text(offer.cipher ?? 'aes128-gcm@openssh.com');
  const mac = text(offer.mac ?? 'hmac-sha2-256');
  const compression = text(offer.compression ?? 'none');
  return payload(
    message.kexInit,
    randomBytes(16),
    text(offer.kex ?? `curve25519-sha256,${strictMarker}`),
    text(offer.hostKey ?? 'ssh-ed25519'),
    ...[cipher, cipher, mac, mac, compression, compression],
    text(''),
    text(''),
    bool(offer.guess !== undefined),
    uint32(0),
  );
}

/** The name lists of a KEXINIT in their order: kex, host key, ciphers, MACs, compression, languages. */
export function nameListsOf(kexInitPayload: Buffer): string[][] {
  const reader = new Reader(kexInitPayload, 17);
  return Array.from({ length: 10 }, () =>
    reader
      .text()
      .split(',')
      .filter((name) => name !== ''),
  );
}

function rawX25519(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function keyOfRawX25519(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') }, format: 'jwk' });
}

/** Version lines and both KEXINITs: the point at which a test sends what it likes. */
export async function exchangeOffers(
  connection: RawConnection,
  offer: Offer = {},
): Promise<{ ours: Buffer; theirs: Buffer }> {
  if (connection.serverVersion === '') {
    await connection.readVersion();
  }
  const ours = kexInit(offer);
  connection.send(ours);
  if (offer.guess !== undefined) {
    connection.send(offer.guess);
  }
  return { ours, theirs: await connection.receiveOf([message.kexInit]) };
}

/** Version lines and a whole key exchange (curve25519, aes128-gcm). A second call on a connection is a re-key. */
export async function exchangeKeys(connection: RawConnection, offer: Offer = {}): Promise<void> {
  const { ours, theirs } = await exchangeOffers(connection, offer);
  const pair = generateKeyPairSync('x25519');
  const share = rawX25519(pair.publicKey);
  connection.send(payload(message.kexEcdhInit, text(share)));
  const reply = new Reader(await connection.receiveOf([message.kexEcdhReply]), 1);
  const [hostKey, theirShare] = [reply.bytes(), reply.bytes()];
  const secret = mpint(diffieHellman({ privateKey: pair.privateKey, publicKey: keyOfRawX25519(theirShare) }));
  const hash = createHash('sha256')
    .update(Buffer.concat([text(connection.version), text(connection.serverVersion), text(ours), text(theirs)]))
    .update(Buffer.concat([text(hostKey), text(share), text(theirShare), secret]))
    .digest();
  const sessionId = connection.sessionId ?? hash;
  connection.sessionId = sessionId;
  const derive = (letter: string) =>
    createHash('sha256')
      .update(Buffer.concat([secret, hash, Buffer.from(letter), sessionId]))
      .digest();
  await connection.receiveOf([message.newKeys]);
  connection.incoming = gcmCipher(derive('D').subarray(0, 16), derive('B').subarray(0, 12));
  connection.send(payload(message.newKeys));
  connection.outgoing = gcmCipher(derive('C').subarray(0, 16), derive('A').subarray(0, 12));
}
