import type { Readable, Writable } from 'node:stream';

/** The process's own ends, and what of its environment counts. Made in src/bin, so that nothing else reads the process. */
export interface CliStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?: (on: boolean) => unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** True when somebody sits there who can be asked. */
export function canAsk(streams: CliStreams): boolean {
  return streams.stdin.isTTY === true && streams.stderr.isTTY === true;
}
