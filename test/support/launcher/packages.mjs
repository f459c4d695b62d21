/**
 * Every Debian package that the project needs, with the reason. The one list: the launcher installs what is missing
 * from it, and the README shows it.
 */

/** Needed to build and to run. */
export const runPackages = [
  ['gcc', 'native code'],
  ['g++', 'native parts of ssh2 and node-pty'],
  ['make', 'native code, and npm packages with native parts'],
  ['python3', 'node-gyp, which builds ssh2 and node-pty'],
  ['libc6-dev', 'headers and the static C library of jail-keeper'],
  ['libseccomp-dev', 'system call filters'],
  ['libcrypt-dev', 'password hashes'],
  ['nftables', 'address translation and isolation of the jails'],
  ['iproute2', 'routes and links of the jails'],
  ['openssh-client', 'host keys; the client of the demo and the tests'],
  ['openssh-sftp-server', 'the sftp server that runs inside the jails'],
  ['mmdebstrap', 'builds the debian template'],
  ['rsync', 'part of the host template, so that users can rsync'],
  ['sudo', 'part of the host template, so that users can sudo'],
  ['procps', 'part of the host template: ps, free, uptime'],
];

/** Needed by the tests and checks only. */
export const testPackages = [
  ['git', 'git over ssh'],
  ['putty-tools', 'plink and psftp as clients'],
  ['dropbear-bin', 'dbclient as a client'],
  ['expect', 'answers password prompts as a person does'],
  ['tmux', 'a session that survives a disconnect'],
  ['strace', 'fault injection and call counts'],
  ['clang', 'sanitizers and fuzzing of the native code'],
  ['clang-format', 'layout of the native code'],
  ['systemd', 'systemd-analyze checks the units'],
  ['libcap2-bin', 'capsh shows the capability sets inside a jail'],
  ['bubblewrap', 'peer of the benchmarks'],
];
