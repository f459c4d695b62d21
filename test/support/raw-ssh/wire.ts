/** SSH's data types (RFC 4251 section 5), for a client that can also say what it should not. */

export const message = {
  disconnect: 1,
  ignore: 2,
  unimplemented: 3,
  debug: 4,
  serviceRequest: 5,
  serviceAccept: 6,
  extInfo: 7,
  kexInit: 20,
  newKeys: 21,
  kexEcdhInit: 30,
  kexEcdhReply: 31,
  userauthRequest: 50,
  userauthFailure: 51,
  userauthSuccess: 52,
  userauthBanner: 53,
  userauthPkOk: 60,
  userauthInfoResponse: 61,
  globalRequest: 80,
  requestSuccess: 81,
  requestFailure: 82,
  channelOpen: 90,
  channelOpenConfirmation: 91,
  channelOpenFailure: 92,
  channelWindowAdjust: 93,
  channelData: 94,
  channelExtendedData: 95,
  channelEof: 96,
  channelClose: 97,
  channelRequest: 98,
  channelSuccess: 99,
  channelFailure: 100,
} as const;

export function byte(value: number): Buffer {
  return Buffer.from([value]);
}

export function bool(value: boolean): Buffer {
  return byte(value ? 1 : 0);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A positive number given as big-endian bytes. */
export function mpint(value: Buffer): Buffer {
  let start = 0;
  while (start < value.length && value[start] === 0) {
    start += 1;
  }
  const trimmed = value.subarray(start);
  const needsZero = trimmed.length > 0 && ((trimmed[0] ?? 0) & 0x80) !== 0;
  return text(needsZero ? Buffer.concat([byte(0), trimmed]) : trimmed);
}

/** One message: its number, then its parts. */
export function payload(type: number, ...parts: Buffer[]): Buffer {
  return Buffer.concat([byte(type), ...parts]);
}

/** Reads a payload from the front. */
export class Reader {
  #rest: Buffer;

  constructor(bytes: Buffer, skip = 0) {
    this.#rest = bytes.subarray(skip);
  }

  #take(length: number): Buffer {
    if (length > this.#rest.length) {
      throw new Error(`message too short: ${length} bytes wanted, ${this.#rest.length} there`);
    }
    const part = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return part;
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  bool(): boolean {
    return this.byte() !== 0;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  bytes(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.bytes().toString();
  }

  skip(length: number): void {
    this.#take(length);
  }
}
