import { JaildError } from '../errors/jaild-error.js';

/** The version that every frame of the door carries as `v`. */
export const doorVersion = 1;

/** Hard limit for one frame in any phase and direction; a peer's own limit is lower still. */
export const maxFrameBytes = 512 * 1024;

/** Descriptors that one message may carry. */
export const maxFrameDescriptors = 8;

const headerBytes = 4;

/** One message of the door: its members without `v` and `fds`, its descriptors (owned by the receiver), its size on the wire. */
export interface Frame {
  readonly message: Readonly<Record<string, unknown>>;
  readonly fds: readonly number[];
  readonly bytes: number;
}

/**
 * Makes the bytes of one message: uint32be length, then UTF-8 JSON with `v` and, when descriptors go along, `fds`.
 * Throws `door-oversized` when the message is larger than `limitBytes`.
 */
export function encodeFrame(message: object, descriptorCount = 0, limitBytes = maxFrameBytes): Buffer {
  const envelope =
    descriptorCount === 0 ? { v: doorVersion, ...message } : { v: doorVersion, ...message, fds: descriptorCount };
  const body = Buffer.from(JSON.stringify(envelope), 'utf8');
  if (body.length > limitBytes) {
    throw new JaildError('door-oversized', `a message of ${body.length} bytes is larger than ${limitBytes}`);
  }
  const frame = Buffer.allocUnsafe(headerBytes + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, headerBytes);
  return frame;
}

/**
 * Cuts a byte stream into messages. Everything fed in is hostile: the length is judged before any memory is set aside for
 * it, text must be valid UTF-8 and a JSON object of our version, and descriptors must be claimed by the message they came with.
 * After a throw the decoder is dead; `takeDescriptors` hands over what still has to be closed.
 */
export class FrameDecoder {
  readonly #queuedFds: number[] = [];
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #limitBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Changes the limit for frames that begin from now on (a phase has changed). */
  setLimit(limitBytes: number): void {
    this.#limitBytes = limitBytes;
  }

  /** Takes one chunk and the descriptors that the kernel delivered with it; yields every message that is complete now. */
  *feed(chunk: Buffer, fds: readonly number[] = []): Generator<Frame, void, undefined> {
    this.#queuedFds.push(...fds);
    if (this.#queuedFds.length > 4 * maxFrameDescriptors) {
      throw new JaildError('door-malformed', 'more descriptors than any message may carry');
    }
    this.#pieces.push(chunk);
    this.#pieceBytes += chunk.length;
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      yield frame;
    }
    if (this.#pieceBytes === 0 && this.#queuedFds.length > 0) {
      throw new JaildError('door-malformed', 'descriptors without a message that claims them');
    }
  }

  /** Empties the queue of descriptors that no message has claimed; the caller closes them. */
  takeDescriptors(): number[] {
    return this.#queuedFds.splice(0);
  }

  #next(): Frame | null {
    if (this.#pieceBytes < headerBytes) {
      return null;
    }
    const first = this.#pieces[0];
    const head = first !== undefined && first.length >= headerBytes ? first : this.#join();
    const bodyBytes = head.readUInt32BE(0);
    if (bodyBytes > this.#limitBytes) {
      throw new JaildError('door-oversized', `a frame announces ${bodyBytes} bytes; the limit is ${this.#limitBytes}`);
    }
    if (this.#pieceBytes < headerBytes + bodyBytes) {
      return null;
    }
    const all = this.#join();
    const body = all.subarray(headerBytes, headerBytes + bodyBytes);
    const rest = all.subarray(headerBytes + bodyBytes);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#pieceBytes = rest.length;
    return this.#claim(parseBody(body), bodyBytes);
  }

  #join(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0] : undefined;
    const joined = all ?? Buffer.concat(this.#pieces, this.#pieceBytes);
    this.#pieces = [joined];
    return joined;
  }

  #claim(parsed: Record<string, unknown>, bytes: number): Frame {
    const { v: _version, fds: count = 0, ...message } = parsed;
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > maxFrameDescriptors) {
      throw new JaildError('door-malformed', 'the descriptor count is not a small number');
    }
    if (count > this.#queuedFds.length) {
      throw new JaildError('door-malformed', `a message claims ${count} descriptors, ${this.#queuedFds.length} came`);
    }
    return { message, fds: this.#queuedFds.splice(0, count), bytes };
  }
}

/** Parses the body of a single frame (for the blocking request, which reads exactly one). */
export function parseBody(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    // Expected: bytes that are no UTF-8 (TypeError) or no JSON (SyntaxError).
    throw new JaildError('door-malformed', 'a frame is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new JaildError('door-malformed', 'a frame is not a JSON object');
  }
  const message = value as Record<string, unknown>;
  const version = message['v'];
  if (typeof version === 'number' && version > doorVersion) {
    throw new JaildError('door-version', `version ${version} of the door is newer than ${doorVersion}`);
  }
  if (version !== doorVersion) {
    throw new JaildError('door-malformed', 'a frame carries no version of the door');
  }
  return message;
}
