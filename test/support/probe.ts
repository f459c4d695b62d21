import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Instance } from './instance.js';
import { mustRun } from './program.js';
import { mustSsh, type SshOptions, ssh } from './ssh-client.js';
import { projectRoot } from './stage.js';

/** Compiles the probe and puts it into a jail as /root/probe. */
export async function installProbe(instance: Instance, user: string): Promise<void> {
  const built = path.join(instance.files.directory, 'probe');
  const source = path.join(projectRoot, 'test/attacks/probe/probe.c');
  await mustRun('gcc', [
    '-std=gnu17',
    '-static',
    '-O1',
    '-pthread',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    built,
    source,
  ]);
  await putProgram(instance, user, built, '/root/probe');
}

/** Copies a file of the host into a jail, executable. */
export async function putProgram(instance: Instance, user: string, source: string, target: string): Promise<void> {
  const { code, err } = await ssh(instance, user, `cat > '${target}' && chmod 755 '${target}'`, {
    input: readFileSync(source),
  });
  if (code !== 0) {
    throw new Error(`${target}: ${err}`);
  }
}

/** Runs probes inside; gives name to outcome ("OK" or an errno name). */
export async function runProbes(
  instance: Instance,
  user: string,
  names: readonly string[],
  options: SshOptions = {},
): Promise<Map<string, string>> {
  const out = await mustSsh(instance, user, `/root/probe ${names.join(' ')}`, options);
  return new Map(
    out.split(/\r?\n/).map((line) => {
      const [name = '', outcome = ''] = line.split(' ');
      return [name, outcome];
    }),
  );
}
