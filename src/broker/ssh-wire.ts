import { InvalidValueError } from '../base/invalid-value.js';

/** Builds the data types of RFC 4251 section 5. */
export function sshString(value: Buffer | string): Buffer {
  const body = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32BE(body.length, 0);
  return Buffer.concat([head, body]);
}

/** A positive mpint from its octets, most significant first, with or without leading zeros. */
export function sshMpint(octets: Buffer): Buffer {
  return sshString(toMpintBody(octets));
}

function toMpintBody(octets: Buffer): Buffer {
  const first = octets.findIndex((octet) => octet !== 0);
  if (first === -1) return Buffer.alloc(0);
  const magnitude = octets.subarray(first);
  return ((magnitude[0] ?? 0) & 0x80) === 0 ? magnitude : Buffer.concat([Buffer.of(0), magnitude]);
}

/** Reads the same types out of hostile bytes; every fault is an InvalidValueError. */
export class SshReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  string(): Buffer {
    if (this.#offset + 4 > this.#bytes.length) throw new InvalidValueError('the value is cut off');
    const end = this.#offset + 4 + this.#bytes.readUInt32BE(this.#offset);
    if (end > this.#bytes.length) throw new InvalidValueError('the value is cut off');
    const value = this.#bytes.subarray(this.#offset + 4, end);
    this.#offset = end;
    return value;
  }

  /** A name: printable US-ASCII. */
  name(): string {
    const text = this.string().toString('latin1');
    if (!/^[!-~]{1,64}$/.test(text)) throw new InvalidValueError('the value holds no name');
    return text;
  }

  /** The magnitude of a positive, minimally encoded mpint. */
  positiveMpint(): Buffer {
    const body = this.string();
    const [first = 0, second = 0] = body;
    const isPadded = first === 0 && body.length > 1;
    if (
      body.length === 0 ||
      (first & 0x80) !== 0 ||
      (first === 0 && body.length === 1) ||
      (isPadded && (second & 0x80) === 0)
    ) {
      throw new InvalidValueError('the value holds no positive number');
    }
    return isPadded ? body.subarray(1) : body;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw new InvalidValueError('bytes follow the value');
  }
}
