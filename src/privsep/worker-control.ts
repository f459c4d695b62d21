import type { Answer } from './request-table.js';

/** Settings that listener and workers get from the broker; they read no files. */
export type ListenerSettings = Answer<'configuration'>;

/** One connection that a worker is to serve; comes with two descriptors, the TCP socket and its door. No byte of it was taken. */
export interface ConnectionMessage {
  readonly type: 'connection';
  readonly connectionId: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly local: string;
  readonly localPort: number;
  /** What is left of the time to log in. */
  readonly deadlineMs: number;
  /** What stands after "SSH-2.0-" in the line that the client got. */
  readonly identification: string;
  /** The client's line without its end, one character per byte; it still stands in the socket. */
  readonly clientIdentification: string;
}

/** What the listener sends on a worker's control socket. The socket's end means that the listener is gone: finish and exit. */
export type ToWorker =
  | { readonly type: 'settings'; readonly session: ListenerSettings['session'] }
  | ConnectionMessage
  /** No new connections come; finish what is there, then exit 0. */
  | { readonly type: 'drain' }
  /** With one descriptor: a connected resume socket for this connection. */
  | { readonly type: 'resume-socket'; readonly connectionId: string };

/** What a worker sends. Hostile like everything from a worker: it names connections, and only its own count. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'alive' }
  | { readonly type: 'closed'; readonly connectionId: string }
  | { readonly type: 'need-resume'; readonly connectionId: string };

/** A worker says `alive` so often. */
export const aliveIntervalMs = 1000;

/** Reads a worker's message; undefined for anything that is none. */
export function readFromWorker(message: Readonly<Record<string, unknown>>): FromWorker | undefined {
  const { type, connectionId } = message;
  if (type === 'ready' || type === 'alive') return { type };
  const isNamed = typeof connectionId === 'string' && connectionId.length > 0 && connectionId.length <= 64;
  return isNamed && (type === 'closed' || type === 'need-resume') ? { type, connectionId } : undefined;
}
