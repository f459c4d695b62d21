import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Instance } from './instance.js';
import { mustRun } from './program.js';

/** What PuTTY's programs need: a key in their format, and the fingerprint of the host key they meet. */
export async function puttySettings(instance: Instance): Promise<string[]> {
  const { directory, port } = instance.files;
  const key = path.join(directory, 'user-key.ppk');
  await mustRun('puttygen', [instance.keyFile, '-O', 'private', '-o', key]);
  const keys = await mustRun('ssh-keyscan', ['-t', 'ed25519', '-p', String(port), '127.0.0.1']);
  const hostKeyFile = path.join(directory, 'host-key.pub');
  writeFileSync(hostKeyFile, `${keys.split(' ').slice(1).join(' ')}\n`);
  const fingerprint = (await mustRun('ssh-keygen', ['-lf', hostKeyFile])).split(' ')[1] ?? '';
  return ['-batch', '-i', key, '-hostkey', fingerprint, '-P', String(port)];
}

/** A key in dropbear's format for dbclient. */
export async function dropbearKey(instance: Instance): Promise<string> {
  const key = path.join(instance.files.directory, 'user-key.dropbear');
  await mustRun('dropbearconvert', ['openssh', 'dropbear', instance.keyFile, key]);
  return key;
}

/** A program that answers ssh's question for a password. */
export function askpassProgram(instance: Instance, password: string): NodeJS.ProcessEnv {
  const program = path.join(instance.files.directory, 'askpass');
  const answer = path.join(instance.files.directory, 'askpass-answer');
  writeFileSync(answer, `${password}\n`, { mode: 0o600 });
  writeFileSync(program, `#!/bin/sh\ncat '${answer}'\n`);
  chmodSync(program, 0o755);
  return { ...process.env, SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':none' };
}
