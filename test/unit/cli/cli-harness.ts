import { Readable, Writable } from 'node:stream';
import { runCli } from '../../../src/cli/main.js';
import { codeOf, toAdminText, toExitStatus } from '../../../src/errors/presentation.js';

/** What one command line did. */
export interface CliOutcome {
  readonly status: number;
  readonly out: string;
  readonly words: string;
  readonly fault: string;
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

/** Runs a command line in this process, without a terminal; faults become their exit status, as src/bin does it. */
export async function cli(words: readonly string[], input = ''): Promise<CliOutcome> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const streams = { stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]), stdout, stderr, environment: {} };
  let status: number;
  let fault = '';
  try {
    status = await runCli({ streams, version: '1.2.3', signal: new AbortController().signal }, words);
  } catch (error) {
    status = toExitStatus(error);
    fault = `${codeOf(error)}: ${toAdminText(error)}`;
  }
  return { status, out: stdout.text, words: stderr.text, fault };
}
