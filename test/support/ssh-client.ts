import type { Instance } from './instance.js';
import { type Outcome, type ProgramOptions, type Running, startProgram } from './program.js';

/** How a test logs in besides the defaults. */
export interface SshOptions extends ProgramOptions {
  /** Further options of ssh, before the host. */
  readonly flags?: readonly string[];
  /** Log in with this key file instead of the instance's key. */
  readonly key?: string;
}

/** The options with which OpenSSH's programs reach an instance, without port and host. */
export function sshSettings(instance: Instance, key = instance.keyFile): string[] {
  const settings = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `IdentityFile=${key}`,
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${instance.knownHosts}`,
    'LogLevel=ERROR',
    'ConnectTimeout=20',
  ];
  return ['-F', '/dev/null', ...settings.flatMap((setting) => ['-o', setting])];
}

/** The `ssh` of an instance as one line for programs that start ssh themselves (rsync, git). */
export function sshCommandLine(instance: Instance): string {
  return ['ssh', ...sshSettings(instance), '-p', String(instance.files.port)].join(' ');
}

/** Starts OpenSSH's client; `command` undefined asks for a shell. */
export function startSsh(
  instance: Instance,
  user: string,
  command: string | undefined,
  options: SshOptions = {},
): Running {
  const args = [
    ...sshSettings(instance, options.key),
    '-p',
    String(instance.files.port),
    ...(options.flags ?? []),
    `${user}@127.0.0.1`,
    ...(command === undefined ? [] : ['--', command]),
  ];
  return startProgram('ssh', args, options);
}

/** Logs in with OpenSSH's client and waits for its end. */
export function ssh(instance: Instance, user: string, command?: string, options: SshOptions = {}): Promise<Outcome> {
  return startSsh(instance, user, command, options).ended;
}

/** Runs a command that must succeed; gives its stdout as text. */
export async function mustSsh(
  instance: Instance,
  user: string,
  command: string,
  options: SshOptions = {},
): Promise<string> {
  const outcome = await ssh(instance, user, command, options);
  if (outcome.code !== 0) {
    throw new Error(
      `ssh ${user} ${command.slice(0, 200)} ended with ${outcome.code ?? outcome.signal}:\n${outcome.out}\n${outcome.err}`,
    );
  }
  return outcome.out;
}
