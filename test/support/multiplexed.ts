import path from 'node:path';
import type { Instance } from './instance.js';
import { mustRun, type Outcome, runProgram } from './program.js';
import { sshSettings } from './ssh-client.js';

/** Many sessions over one connection of OpenSSH's client (ControlMaster). */
export interface Multiplexed {
  run(command: string, options?: { input?: string | Buffer; deadlineMs?: number }): Promise<Outcome>;
  close(): Promise<void>;
}

let count = 0;

export async function openMultiplexed(instance: Instance, user: string): Promise<Multiplexed> {
  count += 1;
  const socket = path.join(instance.files.directory, `mux-${count}`);
  const base = [...sshSettings(instance), '-p', String(instance.files.port), '-o', `ControlPath=${socket}`];
  await mustRun('ssh', [
    ...base,
    '-o',
    'ControlMaster=yes',
    '-o',
    'ControlPersist=yes',
    '-f',
    '-N',
    '-n',
    `${user}@127.0.0.1`,
  ]);
  return {
    run: (command, options = {}) =>
      runProgram('ssh', [...base, '-o', 'ControlMaster=no', `${user}@127.0.0.1`, '--', command], options),
    close: async () => {
      await mustRun('ssh', [...base, '-O', 'exit', `${user}@127.0.0.1`]);
    },
  };
}
