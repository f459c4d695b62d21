import { WireReader } from './wire.js';

const firstListAt = 17;
const otherLists = 8;

/**
 * True when the packet after this client's KEXINIT is a guess that turned out wrong and has to be skipped (RFC 4253 section 7): the client
 * says that it guessed, and its first choice of key exchange or of host key is not ours. The library compares a name with its first
 * letter and so skips every guess, the right ones too; dropbear's client then waits for ever.
 */
export function isWrongGuess(clientKexInit: Buffer, ourKex: string, ourHostKey: string): boolean {
  const reader = new WireReader(clientKexInit, firstListAt);
  const [kex] = reader.text().split(',');
  const [hostKey] = reader.text().split(',');
  for (let list = 0; list < otherLists; list += 1) reader.string();
  return reader.boolean() && (kex !== ourKex || hostKey !== ourHostKey);
}
