import { fstatSync, readdirSync } from 'node:fs';

/** How many descriptors this process has open. */
export function openFdCount(): number {
  return readdirSync('/proc/self/fd').length;
}

export function isClosed(fd: number): boolean {
  try {
    fstatSync(fd);
    return false;
  } catch {
    // EBADF
    return true;
  }
}
