import { createHash } from 'node:crypto';
import type { ReadQuestion } from '../privsep/request-table.js';
import { sshMpint, sshString } from './ssh-wire.js';

/** The parts of one exchange as a worker states them; all of it is hostile until `findExchangeFault` said null. */
export type ExchangeParts = ReadQuestion<'sign-exchange'>;

/** What the broker knows by itself about the exchange. */
export interface ExchangeFacts {
  /** What it gave out for this KEXINIT. */
  readonly cookie: Buffer;
  /** The line that our listener sends, without its end. */
  readonly serverIdent: Buffer;
  /** The client's line of the first exchange of this connection; absent before it. */
  readonly clientIdent?: Buffer;
}

const kexInitMessage = 20;
const cookieEnd = 17;
const minKexInitBytes = 1 + 16 + 10 * 4 + 1 + 4;

/** Octets of a share, by hash, for the curve methods: X25519 and P-256, P-384, P-521 (uncompressed points). */
const curveShares: Readonly<Record<ExchangeParts['hash'], readonly number[]>> = {
  sha256: [32, 65],
  sha384: [97],
  sha512: [133],
};
const dhShare = { min: 200, max: 513 } as const;
const stringShare = { min: 32, max: 2048 } as const;

/** Why these parts are not an exchange of ours on this connection, or null when they are. */
export function findExchangeFault(parts: ExchangeParts, facts: ExchangeFacts): string | null {
  if (!parts.serverIdent.equals(facts.serverIdent)) return 'the server line is not ours';
  if (facts.clientIdent !== undefined && !parts.clientIdent.equals(facts.clientIdent)) return 'the client line changed';
  if (!/^SSH-(?:2\.0|1\.99)-[^\r\n\0]{1,245}$/.test(parts.clientIdent.toString('latin1')))
    return 'the client line is none';
  if (!isKexInit(parts.clientKexInit) || !isKexInit(parts.serverKexInit)) return 'a KEXINIT is none';
  if (!parts.serverKexInit.subarray(1, cookieEnd).equals(facts.cookie)) return 'the cookie is not the one given out';
  return findShareFault(parts);
}

function isKexInit(payload: Buffer): boolean {
  return payload.length >= minKexInitBytes && payload[0] === kexInitMessage;
}

function findShareFault({ kex, hash, clientShare, serverShare, secret }: ExchangeParts): string | null {
  if (secret.length === 0) return 'there is no secret';
  if (kex === 'curve') {
    const fits = curveShares[hash].includes(clientShare.length) && clientShare.length === serverShare.length;
    return fits && secret.length <= 67 ? null : 'the shares do not fit a curve';
  }
  const { min, max } = kex === 'dh' ? dhShare : stringShare;
  const fits = [clientShare, serverShare].every((share) => share.length >= min && share.length <= max);
  return fits ? null : 'the shares have the wrong size';
}

/**
 * H (RFC 4253 section 8, RFC 5656 section 4, RFC 8731; `string`: a hybrid's secret, hashed as plain octets).
 * `hostKey` is our own blob: a worker cannot have another one signed.
 */
export function computeExchangeHash(parts: ExchangeParts, hostKey: Buffer): Buffer {
  const hash = createHash(parts.hash);
  for (const value of [parts.clientIdent, parts.serverIdent, parts.clientKexInit, parts.serverKexInit, hostKey])
    hash.update(sshString(value));
  const toShare = parts.kex === 'dh' ? sshMpint : sshString;
  hash.update(toShare(parts.clientShare)).update(toShare(parts.serverShare));
  return hash.update(parts.kex === 'string' ? sshString(parts.secret) : sshMpint(parts.secret)).digest();
}
