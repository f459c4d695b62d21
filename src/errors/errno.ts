/** Names of errno values that the project tells apart. */
export type ErrnoName =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EAFNOSUPPORT'
  | 'EADDRNOTAVAIL'
  | 'EAGAIN'
  | 'EBADF'
  | 'EBADMSG'
  | 'EBUSY'
  | 'ECONNABORTED'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EDQUOT'
  | 'EEXIST'
  | 'EINTR'
  | 'EINVAL'
  | 'EIO'
  | 'EISDIR'
  | 'ELOOP'
  | 'EMFILE'
  | 'ENFILE'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'ENOTCONN'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'EPERM'
  | 'EPIPE'
  | 'EROFS'
  | 'ESRCH'
  | 'ETIMEDOUT';

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** True when `error` comes from a system call that failed with one of the names. */
export function isErrno(error: unknown, ...names: ErrnoName[]): boolean {
  const code = errnoOf(error);
  return code !== undefined && (names as string[]).includes(code);
}

/** The file, or a directory on the way to it, does not exist. */
export function isAbsent(error: unknown): boolean {
  return isErrno(error, 'ENOENT', 'ENOTDIR');
}

export function isForbidden(error: unknown): boolean {
  return isErrno(error, 'EACCES', 'EPERM', 'EROFS');
}

/** The disk or the quota is full. */
export function isDiskFull(error: unknown): boolean {
  return isErrno(error, 'ENOSPC', 'EDQUOT');
}

/** The other end of a socket or pipe went away: expected at any time, never a fault of ours. */
export function isPeerGone(error: unknown): boolean {
  return isErrno(error, 'EPIPE', 'ECONNRESET', 'ENOTCONN', 'ETIMEDOUT');
}

/** This process or the host has no descriptor or memory left; waiting may help. */
export function isOutOfDescriptors(error: unknown): boolean {
  return isErrno(error, 'EMFILE', 'ENFILE', 'ENOMEM');
}
