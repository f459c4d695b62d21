import path from 'node:path';
import type { Instance } from '../support/instance.js';
import { mustRun } from '../support/program.js';
import { projectRoot } from '../support/stage.js';

/** The small C programs of the benchmarks, compiled into the instance. */
export interface NativePrograms {
  /** Milliseconds that a whole run of the program takes. */
  time(program: string, ...args: string[]): Promise<number>;
  readonly doorClient: string;
}

export async function buildNativePrograms(instance: Instance): Promise<NativePrograms> {
  const built = (name: string) => path.join(instance.files.directory, name);
  for (const name of ['time-run', 'door-client']) {
    const source = path.join(projectRoot, 'test/bench/native', `${name}.c`);
    await mustRun('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-static', '-o', built(name), source]);
  }
  return {
    time: async (program, ...args) => Number(await mustRun(built('time-run'), [program, ...args])) / 1e6,
    doorClient: built('door-client'),
  };
}
