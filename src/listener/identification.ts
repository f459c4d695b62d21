import { addon } from '../base/addon.js';
import { isPeerGone } from '../errors/errno.js';

/** RFC 4253 section 4.2: at most 255 bytes with the line end. */
const maxIdentificationBytes = 255;

/** Why a first line is none of SSH 2. */
export type IdentificationFault = 'too-long' | 'not-ssh' | 'version' | 'control-characters';

/** What the client's first bytes are. `line` has no line end and one character per byte; it is hostile text. */
export type Identification =
  | { readonly outcome: 'identified'; readonly line: string }
  | { readonly outcome: 'refused'; readonly fault: IdentificationFault; readonly shown: Buffer }
  /** The deadline came first, or the client went away. */
  | { readonly outcome: 'late' }
  | { readonly outcome: 'gone' };

const lineFeed = 0x0a;

/** Judges the bytes that are there so far; undefined while the line may still become whole. */
export function judgeIdentification(bytes: Buffer): Identification | undefined {
  const end = bytes.indexOf(lineFeed);
  const line = (end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1').replace(/\r$/, '');
  const refuse = (fault: IdentificationFault): Identification => ({
    outcome: 'refused',
    fault,
    shown: bytes.subarray(0, maxIdentificationBytes),
  });
  if (!'SSH-'.startsWith(line.slice(0, 4)) || (end >= 0 && !line.startsWith('SSH-'))) return refuse('not-ssh');
  if (end >= maxIdentificationBytes || (end < 0 && bytes.length >= maxIdentificationBytes)) return refuse('too-long');
  if (end < 0) return undefined;
  if (!/^SSH-(?:2\.0|1\.99)-/.test(line)) return refuse('version');
  return /[\u0000-\u001f\u007f]/.test(line) ? refuse('control-characters') : { outcome: 'identified', line };
}

/**
 * Waits for the client's identification line without taking a byte of it: whoever serves the connection finds it in the socket.
 * The deadline is absolute; a byte now and then does not move it. Leaves `fd` open in every case.
 */
export function awaitIdentification(fd: number, deadlineMs: number): Promise<Identification> {
  return new Promise((resolve, reject) => {
    let seen = -1;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      watch.close();
      settle();
    };
    const look = (): void => {
      try {
        const bytes = addon.peek(fd, maxIdentificationBytes + 1);
        if (bytes === null) return;
        // With the low-water mark above what is there, "readable" without a new byte means that no more comes.
        const verdict: Identification | undefined =
          bytes.length === 0 || bytes.length <= seen ? { outcome: 'gone' } : judgeIdentification(bytes);
        seen = bytes.length;
        addon.setReceiveLowWater(fd, verdict === undefined ? seen + 1 : 1);
        if (verdict !== undefined) finish(() => resolve(verdict));
      } catch (error) {
        finish(() => (isPeerGone(error) ? resolve({ outcome: 'gone' }) : reject(error)));
      }
    };
    const timer = setTimeout(() => finish(() => resolve({ outcome: 'late' })), deadlineMs);
    const watch = addon.watch(fd, { readable: true }, look);
  });
}
