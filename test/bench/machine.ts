import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { mustRun, runProgram } from '../support/program.js';

/** What a result has to say of the machine and the versions that it was taken with. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly openssh: string;
  readonly bubblewrap: string;
  readonly commit: string;
  readonly load: string;
}

export async function describeMachine(): Promise<Machine> {
  const [first] = cpus();
  return {
    processor: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    openssh: (await runProgram('ssh', ['-V'])).err,
    bubblewrap: (await runProgram('bwrap', ['--version'])).out,
    commit: await mustRun('git', ['rev-parse', '--short', 'HEAD']).catch(() => 'unknown'),
    load: readFileSync('/proc/loadavg', 'utf8').trim(),
  };
}
