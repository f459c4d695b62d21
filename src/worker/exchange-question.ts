import type { Question } from '../privsep/request-table.js';
import type { ExchangeParts } from './ssh2/key-exchange.js';

/** The parts of a key exchange as the door carries them. */
export function toPlainExchange(parts: ExchangeParts): Question<'sign-exchange'> {
  const text = (bytes: Buffer) => bytes.toString('base64');
  return {
    kex: parts.kex,
    hash: parts.hash,
    hostKeyAlgorithm: parts.hostKeyAlgorithm,
    clientIdent: text(parts.clientIdent),
    serverIdent: text(parts.serverIdent),
    clientKexInit: text(parts.clientKexInit),
    serverKexInit: text(parts.serverKexInit),
    clientShare: text(parts.clientShare),
    serverShare: text(parts.serverShare),
    secret: text(parts.secret),
  };
}
