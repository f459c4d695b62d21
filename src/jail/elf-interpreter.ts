import { type FileHandle, open } from 'node:fs/promises';

const headerBytes = 64;
const interpreterSegment = 3;
const maxSegments = 64;
const maxPathBytes = 4096;

/** The dynamic loader that a 64-bit little-endian ELF program asks for (PT_INTERP), or null when it is static or no such program. */
export async function readElfInterpreter(path: string): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const header = await readAt(file, 0, headerBytes);
    if (header.length < headerBytes || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return null;
    const [start, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
    if (size < 56 || count > maxSegments) return null;
    const segments = await readAt(file, start, size * count);
    for (let at = 0; at + size <= segments.length; at += size) {
      if (segments.readUInt32LE(at) !== interpreterSegment) continue;
      const length = Number(segments.readBigUInt64LE(at + 32));
      if (length < 2 || length > maxPathBytes) return null;
      const text = await readAt(file, Number(segments.readBigUInt64LE(at + 8)), length - 1);
      return text.toString('utf8');
    }
    return null;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
