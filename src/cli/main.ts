import { isErrno } from '../errors/errno.js';
import { CliContext } from './context.js';
import { runProgram } from './program.js';
import type { CliStreams } from './terminal.js';
import { nouns, verbs } from './verbs.js';

/** What the process gives to the command line. */
export interface CliProcess {
  readonly streams: CliStreams;
  readonly version: string;
  readonly signal: AbortSignal;
}

/**
 * Runs one command line (without the program's own name) and answers its exit status. Faults are thrown, for the caller to print.
 * Status: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 a check found problems, 75 no server; `jail enter` and
 * `jail exec` answer the program's own.
 */
export async function runCli({ streams, version, signal }: CliProcess, words: readonly string[]): Promise<number> {
  // A reader that has gone (head, less) is no fault of ours.
  streams.stdout.on('error', (error) => {
    if (!isErrno(error, 'EPIPE')) throw error;
  });
  return await runProgram(
    {
      verbs,
      nouns,
      version,
      streams,
      makeContext: (configFile, output) => new CliContext({ output, streams, signal, configFile }),
    },
    words,
  );
}
