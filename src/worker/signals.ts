/** What a client may send to its session's own group; the same list as OpenSSH's. */
const allowed: readonly string[] = [
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
];

/** True for a signal name (without SIG) that a client may send. */
export function isAllowedSignal(name: string): boolean {
  return allowed.includes(name);
}
