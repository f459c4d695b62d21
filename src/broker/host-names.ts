import { readFileSync } from 'node:fs';
import { isAbsent } from '../errors/errno.js';

/** Names of one local peer: what roles and owners are written with (`user:alice`, `group:ops`). */
export interface PeerNames {
  readonly uid: number;
  readonly names: ReadonlySet<string>;
}

/** User and groups of a uid by the host's own /etc/passwd and /etc/group (no name service: nothing may hang the broker). */
export function findPeerNames(uid: number, gid: number, read: (file: string) => string = readIfThere): PeerNames {
  const user = rows(read('/etc/passwd')).find((row) => row[2] === String(uid))?.[0];
  const groups = rows(read('/etc/group')).flatMap(([name = '', , id = '', members = '']) => {
    const isMember = id === String(gid) || (user !== undefined && members.split(',').includes(user));
    return isMember ? [`group:${name}`] : [];
  });
  return { uid, names: new Set([...(user === undefined ? [] : [`user:${user}`]), ...groups]) };
}

function rows(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'));
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return '';
    throw error;
  }
}
