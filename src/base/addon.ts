import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/**
 * The system calls that Node lacks, from `native/build/jaild.node`.
 *
 * Descriptors are plain numbers, close-on-exec from birth; whoever gets one closes it. A failed call throws an Error with
 * `code` ('EPIPE'), `errno` (negative, as Node has it) and `syscall`. `null` means that the call would have had to wait.
 * Nothing here waits but `flock` without `nonBlocking` and `recvBlocking`.
 */
export interface Addon {
  /** A connected Unix pair, both ends non-blocking. */
  socketPair(type: UnixSocketType): [number, number];
  /** Connects to a socket path (any length up to 4 kB; `@` begins an abstract name). EAGAIN when the listener's queue is full. */
  connectUnix(path: string, type: UnixSocketType): number;
  /** Listens at a path with exactly that mode. Never removes an old file: EADDRINUSE. */
  listenUnix(path: string, type: UnixSocketType, mode: number): number;
  /**
   * Listens at a numeric address; port 0 asks for a free one. `::` takes IPv4 too. Accepted sockets have TCP_NODELAY and keepalive.
   * EADDRINUSE, EADDRNOTAVAIL, EACCES, EAFNOSUPPORT (no IPv6 here), EINVAL (no address).
   */
  listenTcp(address: string, port: number, backlog: number): { fd: number; port: number };
  /** The next waiting connection; its descriptor is non-blocking. */
  accept(listener: number): AcceptedConnection | null;
  /** Who is at the other end of a Unix socket, as the kernel noted at connect. */
  peerCredentials(fd: number): { pid: number; uid: number; gid: number };
  /** How many bytes must be there before a socket counts as readable. */
  setReceiveLowWater(fd: number, bytes: number): void;
  /** One datagram for systemd's notification socket (`@` begins an abstract name). */
  notify(path: string, text: string): void;

  /** Sends bytes (at least one) with up to 64 descriptors, which stay open here. Returns how many bytes were taken; a stream may take fewer. */
  send(fd: number, data: Buffer, fds?: readonly number[]): number | null;
  /**
   * One message, or what a stream holds; `data.length` 0 is the end. The descriptors are the caller's.
   * EBADMSG when more than `maxFds` descriptors or other control data came, EMSGSIZE when a packet was longer: all of it is
   * closed and dropped then.
   */
  recv(fd: number, maxBytes: number, maxFds: number): ReceivedMessage | null;
  /** As `recv`, waiting with the whole process; null past the deadline. */
  recvBlocking(fd: number, maxBytes: number, maxFds: number, deadlineMs: number): ReceivedMessage | null;

  /**
   * Reads without waiting and without touching the descriptor's flags, which another process may share; only a terminal's *master*,
   * which nobody shares, is set non-blocking. Length 0 is the end, also for a terminal whose last slave is closed (EIO there).
   */
  read(fd: number, maxBytes: number): Buffer | null;
  /** Writes without waiting, under the same rule. Returns how many bytes were taken. */
  write(fd: number, data: Buffer): number | null;
  /** What a socket holds, without taking it. */
  peek(fd: number, maxBytes: number): Buffer | null;
  close(fd: number): void;

  /** flock(2); false when `nonBlocking` and somebody else holds it. Without `nonBlocking` the whole process waits. */
  flock(fd: number, kind: 'exclusive' | 'shared' | 'unlock', nonBlocking: boolean): boolean;
  /** A memory file with that content, sealed for good and at its beginning. The name only shows in /proc. */
  memfd(name: string, data: Buffer): number;

  /**
   * crypt(3) on libuv's pool; the copy of the secret is wiped. Null when the setting is not one the library knows, or the secret holds a
   * NUL or is longer than the library's 512 bytes. `setting` is a whole hash to compare with, or a salt.
   */
  crypt(secret: Buffer, setting: string): Promise<string | null>;
  /** A fresh salt for a crypt(5) prefix such as `$y$`; cost 0 is the library's default for it. EINVAL for a prefix it does not know. */
  cryptGensalt(prefix: string, cost: number): string;

  /** Nobody of the same uid can trace this process or read its memory any more, and it leaves no core. */
  setNonDumpable(): void;
  /**
   * The worker's second filter, on all threads and for good: no program, no new process, no new socket (one may be accepted from a listener), no path opened for
   * writing or changed, no mount, no namespace (native/addon/filter-table.c has the list). What is open goes on working.
   */
  tightenSeccomp(): void;

  /** A terminal of this process's own devpts. Must come before `tightenSeccomp`. */
  openPty(): { master: number; slave: number };
  /** Each value 0 to 65535. */
  setWindowSize(fd: number, columns: number, rows: number, widthPixels: number, heightPixels: number): void;

  /**
   * Calls back, on the event loop, while the descriptor is ready for what is wanted. An error of the descriptor counts as ready
   * for everything and is told once: the next read or write says what it is. One watch per descriptor at a time (EEXIST), none on a
   * regular file (EPERM). Close the watch before the descriptor.
   */
  watch(fd: number, interest: Interest, callback: (ready: Readonly<Required<Interest>>) => void): Watch;
}

/** Kinds of Unix sockets in use: byte streams, and connections that keep message boundaries. */
export type UnixSocketType = 'stream' | 'seqpacket';

/** One connection out of `accept`. `address` is in the kernel's spelling; an IPv4-mapped IPv6 address is given as IPv4. */
export interface AcceptedConnection {
  readonly fd: number;
  readonly family: 'IPv4' | 'IPv6' | 'unix';
  readonly address?: string;
  readonly port?: number;
  /** Where it arrived, in the same spelling. */
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Bytes and the descriptors that came with them. */
export interface ReceivedMessage {
  readonly data: Buffer;
  readonly fds: number[];
}

/** What a watch waits for; absent means no. */
export interface Interest {
  readonly readable?: boolean;
  readonly writable?: boolean;
}

/** A running watch. It keeps the process alive while it waits for something. */
export interface Watch {
  update(interest: Interest): void;
  /** No callback comes afterwards. A second call is harmless. The descriptor stays open. */
  close(): void;
}

type WatchHandle = { readonly brand: unique symbol };

interface NativeAddon extends Omit<Addon, 'watch' | 'send'> {
  send(fd: number, data: Buffer, fds: readonly number[]): number | null;
  watchOpen(
    fd: number,
    readable: boolean,
    writable: boolean,
    callback: (readable: boolean, writable: boolean) => void,
  ): WatchHandle;
  watchUpdate(handle: WatchHandle, readable: boolean, writable: boolean): void;
  watchClose(handle: WatchHandle): void;
}

const native = createRequire(import.meta.url)(join(projectRoot, 'native/build/jaild.node')) as NativeAddon;

function watch(fd: number, interest: Interest, callback: Parameters<Addon['watch']>[2]): Watch {
  let open = true;
  const handle = native.watchOpen(fd, interest.readable === true, interest.writable === true, (readable, writable) => {
    if (open) callback({ readable, writable });
  });
  return {
    update({ readable, writable }) {
      native.watchUpdate(handle, readable === true, writable === true);
    },
    close() {
      open = false;
      native.watchClose(handle);
    },
  };
}

export const addon: Addon = {
  ...native,
  send: (fd, data, fds = []) => native.send(fd, data, fds),
  watch,
};
