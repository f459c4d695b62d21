import { createCipheriv, createHash } from 'node:crypto';

/** The same incompressible bytes in every run, so that a difference can be reproduced. */
export function steadyBytes(length: number, seed = 1): Buffer {
  const key = createHash('sha256').update(`jaild ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
