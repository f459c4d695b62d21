/** Largest frame of the SFTP protocol that passes; OpenSSH's server takes the same. */
const maxFrameBytes = 256 * 1024;
const headerBytes = 4;

/** Cuts a stream into SFTP frames by their lengths alone, whatever chunks it comes in. */
export class SftpFrameCounter {
  #header = 0;
  #headerBytes = 0;
  #left = 0;

  /** Calls `complete` at the end of each frame; throws RangeError at a length that no frame has. */
  feed(chunk: Buffer, complete: () => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at = this.#feedHeader(chunk, at);
        continue;
      }
      const taken = Math.min(this.#left, chunk.length - at);
      this.#left -= taken;
      at += taken;
      if (this.#left === 0) complete();
    }
  }

  #feedHeader(chunk: Buffer, from: number): number {
    let at = from;
    while (this.#headerBytes < headerBytes && at < chunk.length) {
      this.#header = this.#header * 256 + (chunk[at] ?? 0);
      this.#headerBytes += 1;
      at += 1;
    }
    if (this.#headerBytes === headerBytes) {
      this.#left = checkFrameLength(this.#header);
      this.#header = 0;
      this.#headerBytes = 0;
    }
    return at;
  }
}

/** Throws RangeError for a length that no frame has; answers the length otherwise. */
export function checkFrameLength(length: number): number {
  if (length === 0 || length > maxFrameBytes) throw new RangeError(`an SFTP frame of ${length} bytes`);
  return length;
}
