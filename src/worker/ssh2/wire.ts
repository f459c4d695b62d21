/** A message that ends before its fields do. The connection is at fault and ends; nothing else does. */
export class WireError extends Error {
  constructor(what: string) {
    super(`a message is malformed: ${what}`);
    this.name = 'WireError';
  }
}

/**
 * Reads the fields of one SSH message (RFC 4251 section 5) without copying: strings are views on the payload.
 * The payload is the client's; every read is bounds-checked and throws `WireError`.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  byte(): number {
    return this.#take(1, 'byte').readUInt8(0);
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  uint32(): number {
    return this.#take(4, 'uint32').readUInt32BE(0);
  }

  /** A string as its bytes, exactly as sent. */
  string(): Buffer {
    return this.#take(this.uint32(), 'string');
  }

  /** A string as text; bytes that are no UTF-8 are replaced. */
  text(): string {
    return this.string().toString('utf8');
  }

  /** What is left, possibly nothing. */
  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#offset, 'rest');
  }

  #take(length: number, what: string): Buffer {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new WireError(`its ${what} at ${this.#offset} is cut off`);
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}

/** Octets that stand in a message as they are, without a length. */
export interface RawOctets {
  readonly raw: Buffer;
}

/** number → uint32, boolean → one byte, string and Buffer → string with its length. */
export type WirePart = number | boolean | string | Buffer | RawOctets;

/** Makes the payload of one SSH message: its number, then the parts. */
export function buildPayload(type: number, ...parts: readonly WirePart[]): Buffer {
  const pieces: Buffer[] = [Buffer.of(type)];
  for (const part of parts) {
    if (typeof part === 'boolean') pieces.push(Buffer.of(part ? 1 : 0));
    else if (typeof part === 'number') pieces.push(uint32(part));
    else if (typeof part === 'object' && 'raw' in part) pieces.push(part.raw);
    else {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
      pieces.push(uint32(bytes.length), bytes);
    }
  }
  return Buffer.concat(pieces);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0, 0);
  return bytes;
}
