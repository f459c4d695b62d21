import { readFileSync } from 'node:fs';
import type { Config } from '../config/schema.js';
import { loadSubordinateIds, overlaps } from '../store/id-ranges.js';

/** Somebody else on this host who has ids that the instance wants for itself. */
export interface UidConflict {
  readonly what: string;
  readonly holder: string;
}

const ownListenerName = 'jaild-listener';

/**
 * Looks whether the ids of listener, workers and jails belong to people or programs of this host: whoever shares a uid with a worker could
 * trace it, and whoever shares one with a jail owns its files.
 */
export function findUidConflicts({
  listener,
  workers,
  jails,
}: Pick<Config, 'listener' | 'workers' | 'jails'>): UidConflict[] {
  const ranges = [
    { what: `the listener (uid ${listener.uid})`, first: listener.uid, last: listener.uid },
    {
      what: `workers (uids ${workers.firstUid}-${workers.firstUid + workers.uidCount - 1})`,
      first: workers.firstUid,
      last: workers.firstUid + workers.uidCount - 1,
    },
    {
      what: `jails (ids ${jails.firstBase}-${jails.lastBase + 65_535})`,
      first: jails.firstBase,
      last: jails.lastBase + 65_535,
    },
  ];
  const users = parseUsers(readFileSync('/etc/passwd', 'utf8'));
  const subordinate = loadSubordinateIds();
  return ranges.flatMap((range) => [
    ...users
      .filter(({ uid, name }) => uid >= range.first && uid <= range.last && name !== ownListenerName)
      .map(({ name }) => ({ what: range.what, holder: `user ${name}` })),
    ...(range.first === jails.firstBase
      ? []
      : subordinate.filter((other) => overlaps(range, other)).map(({ holder }) => ({ what: range.what, holder }))),
  ]);
}

function parseUsers(passwd: string): { name: string; uid: number }[] {
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':');
    return name !== '' && /^[0-9]+$/.test(uid) ? [{ name, uid: Number(uid) }] : [];
  });
}
