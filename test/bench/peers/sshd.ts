import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Instance } from '../../support/instance.js';
import { freePort } from '../../support/instance-files.js';
import { mustRun, runProgram } from '../../support/program.js';
import { until } from '../../support/until.js';
import { unpackPackages } from './unpacked.js';

/** A running sshd of Debian's package, as a peer. Logs in as root with the instance's key. */
export interface SshdPeer {
  readonly port: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/**
 * Starts sshd from the unpacked package in a mount namespace of its own, where a passwd with its privilege separation
 * user and an empty /run/sshd lie over the host's. With `root`, ChrootDirectory is that tree, seen at /srv: sshd takes no directory
 * below one that others may write to.
 */
export async function startSshd(instance: Instance, name: string, root?: string): Promise<SshdPeer> {
  const base = path.join(instance.files.directory, 'peers');
  const unpacked = await unpackPackages(base, ['openssh-server', 'libwrap0']);
  const home = path.join(base, name);
  mkdirSync(home);
  const port = await freePort();
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(home, 'host-key')]);
  // Without the start-up files of whoever keeps this machine: bash reads them also for commands under sshd.
  const ownHome = root === undefined ? home : '/root';
  const passwd = readFileSync('/etc/passwd', 'utf8')
    .replace(/^sshd:.*\n/m, '')
    .replace(/^(root:[^:]*:0:0:[^:]*:)[^:]*/m, `$1${ownHome}`);
  writeFileSync(path.join(home, 'passwd'), `${passwd}sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin\n`);
  writeFileSync(
    path.join(home, 'sshd_config'),
    config(instance, home, port, root === undefined ? [] : ['ChrootDirectory /srv']),
  );
  const library = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu']
    .map((each) => path.join(unpacked, each))
    .join(':');
  const program = path.join(unpacked, 'usr/sbin/sshd');
  const chroot = root === undefined ? '' : `mount --rbind '${root}' /srv && `;
  const script = `${chroot}mount --bind '${home}/passwd' /etc/passwd && mount -t tmpfs -o mode=0755 tmpfs /run && mkdir /run/sshd && exec '${program}' -D -e -f '${home}/sshd_config'`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', script], {
    env: { ...process.env, LD_LIBRARY_PATH: library },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr?.resume();
  await until(
    `${name} listens`,
    10_000,
    async () => (await runProgram('ssh-keyscan', ['-T', '1', '-p', String(port), '127.0.0.1'])).out !== '',
  );
  return {
    port,
    process: child,
    stop: async () => {
      child.kill('SIGTERM');
      await until(`${name} stops`, 10_000, () => child.exitCode !== null || child.signalCode !== null);
    },
  };
}

function config(instance: Instance, home: string, port: number, lines: readonly string[]): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${home}/host-key`,
    `AuthorizedKeysFile ${instance.keyFile}.pub`,
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'UseDNS no',
    'PrintMotd no',
    'MaxStartups 1000',
    `Subsystem sftp internal-sftp`,
    ...lines,
    '',
  ].join('\n');
}
