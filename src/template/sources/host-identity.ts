import { readFile } from 'node:fs/promises';
import type { RootTree } from '../root-tree.js';
import { systemId } from '../root-tree.js';

/** The four files that say who exists inside. */
export interface IdentityFiles {
  readonly passwd: string;
  readonly group: string;
  readonly shadow: string;
  readonly gshadow: string;
}

function systemEntries(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(
      ([name = '', , id = '']) =>
        /^[a-z_][a-z0-9_-]*\$?$/i.test(name) &&
        /^[0-9]{1,5}$/.test(id) &&
        (Number(id) === 0 ? name === 'root' : systemId(Number(id)) !== 0),
    );
}

/**
 * The host's system users and groups without its people, its passwords and its group members.
 * Every password is locked; ageing is off (empty fields), so the result depends on the names alone.
 */
export function planIdentityFiles(hostPasswd: string, hostGroup: string): IdentityFiles {
  const users = systemEntries(hostPasswd);
  const groups = systemEntries(hostGroup);
  if (!users.some(([name]) => name === 'root')) users.unshift(['root', 'x', '0', '0', 'root', '/root', '/bin/bash']);
  if (!groups.some(([name]) => name === 'root')) groups.unshift(['root', 'x', '0', '']);
  const names = new Set(users.map(([name]) => name));
  const passwd = users.map(([name, , uid, gid, comment = '', home = '/', shell = '/usr/sbin/nologin']) =>
    name === 'root'
      ? 'root:x:0:0:root:/root:/bin/bash'
      : [name, 'x', uid, systemGid(gid), comment, home, shell].join(':'),
  );
  const members = (list = ''): string =>
    list
      .split(',')
      .filter((name) => names.has(name))
      .join(',');
  return {
    passwd: lines(passwd),
    group: lines(groups.map(([name, , gid, list]) => `${name}:x:${gid}:${members(list)}`)),
    shadow: lines(users.map(([name]) => `${name}:*::0:99999:7:::`)),
    gshadow: lines(groups.map(([name, , , list]) => `${name}:*::${members(list)}`)),
  };
}

/** Writes them with Debian's modes: the shadow files are for root and the group `shadow` alone. */
export async function buildIdentityFiles(tree: RootTree): Promise<void> {
  const files = planIdentityFiles(await readFile('/etc/passwd', 'utf8'), await readFile('/etc/group', 'utf8'));
  const shadowGid = Number(/^shadow:[^:]*:([0-9]+):/m.exec(files.group)?.[1] ?? 0);
  await tree.file('etc/passwd', files.passwd, { mode: 0o644 });
  await tree.file('etc/group', files.group, { mode: 0o644 });
  await tree.file('etc/shadow', files.shadow, { mode: 0o640, gid: shadowGid });
  await tree.file('etc/gshadow', files.gshadow, { mode: 0o640, gid: shadowGid });
  await tree.file('etc/subuid', '', { mode: 0o644 });
  await tree.file('etc/subgid', '', { mode: 0o644 });
}

function systemGid(text = '0'): string {
  return String(systemId(Number(text)));
}

function lines(entries: readonly string[]): string {
  return entries.map((entry) => `${entry}\n`).join('');
}
