const blockBytes = 64 * 1024;

/**
 * Bytes that wait, copied into blocks of our own: a view would keep the whole chunk of the socket alive that it points into, and a client
 * that sends single bytes could so hold a hundred times its window. Bounded by whoever fills it.
 */
export class ByteQueue {
  #blocks: Buffer[] = [];
  #start = 0;
  #end = blockBytes;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      let tail = this.#blocks.at(-1);
      if (tail === undefined || this.#end === blockBytes) {
        tail = Buffer.allocUnsafeSlow(blockBytes);
        this.#blocks.push(tail);
        this.#end = 0;
      }
      const copied = data.copy(tail, this.#end, at);
      this.#end += copied;
      at += copied;
    }
    this.#length += data.length;
  }

  /** The oldest bytes that lie together; empty when nothing waits. Valid until the next call. */
  head(): Buffer {
    const first = this.#blocks[0];
    if (first === undefined) return Buffer.alloc(0);
    return first.subarray(this.#start, this.#blocks.length === 1 ? this.#end : blockBytes);
  }

  /** A copy of the first `bytes`, or null when fewer wait. */
  copyHead(bytes: number): Buffer | null {
    if (this.#length < bytes) return null;
    const head = this.head();
    if (head.length >= bytes) return Buffer.from(head.subarray(0, bytes));
    return Buffer.concat([head, (this.#blocks[1] ?? head).subarray(0, bytes - head.length)]);
  }

  /** Drops `bytes` (at most the head's length) from the front. */
  drop(bytes: number): void {
    this.#start += bytes;
    this.#length -= bytes;
    if (this.#length === 0) {
      this.clear();
    } else if (this.#start === blockBytes) {
      this.#blocks.shift();
      this.#start = 0;
    }
  }

  clear(): void {
    this.#blocks = [];
    this.#start = 0;
    this.#end = blockBytes;
    this.#length = 0;
  }
}
