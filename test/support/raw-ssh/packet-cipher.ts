import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** How packets of one direction are made and read. */
export interface PacketCipher {
  seal(payload: Buffer): Buffer;
  /** The length of the whole packet when `bytes` begins with enough of it, else undefined. */
  lengthOf(bytes: Buffer): number | undefined;
  unseal(packet: Buffer): Buffer;
}

function padded(payload: Buffer, block: number, countsLength: boolean): Buffer {
  const head = countsLength ? 5 : 1;
  let padding = block - ((head + payload.length) % block);
  if (padding < 4) {
    padding += block;
  }
  const body = Buffer.concat([Buffer.from([padding]), payload, randomBytes(padding)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function withoutPadding(body: Buffer): Buffer {
  return body.subarray(1, body.length - (body[0] ?? 0));
}

/** Before the first key exchange: nothing is hidden. */
export const plainCipher: PacketCipher = {
  seal: (payload) => padded(payload, 8, true),
  lengthOf: (bytes) => (bytes.length < 4 ? undefined : 4 + bytes.readUInt32BE()),
  unseal: (packet) => withoutPadding(packet.subarray(4)),
};

/** aes128-gcm@openssh.com (RFC 5647): the length is in the clear and authenticated. */
export function gcmCipher(key: Buffer, initialIv: Buffer): PacketCipher {
  const iv = Buffer.from(initialIv);
  const nextIv = () => {
    const now = Buffer.from(iv);
    iv.writeBigUInt64BE(BigInt.asUintN(64, iv.readBigUInt64BE(4) + 1n), 4);
    return now;
  };
  return {
    seal: (payload) => {
      const packet = padded(payload, 16, false);
      const cipher = createCipheriv('aes-128-gcm', key, nextIv());
      cipher.setAAD(packet.subarray(0, 4));
      const hidden = Buffer.concat([cipher.update(packet.subarray(4)), cipher.final()]);
      return Buffer.concat([packet.subarray(0, 4), hidden, cipher.getAuthTag()]);
    },
    lengthOf: (bytes) => (bytes.length < 4 ? undefined : 4 + bytes.readUInt32BE() + 16),
    unseal: (packet) => {
      const decipher = createDecipheriv('aes-128-gcm', key, nextIv());
      decipher.setAAD(packet.subarray(0, 4));
      decipher.setAuthTag(packet.subarray(-16));
      return withoutPadding(Buffer.concat([decipher.update(packet.subarray(4, -16)), decipher.final()]));
    },
  };
}
