import { hostname } from 'node:os';
import type { Config } from '../config/schema.js';

/** The line to log in with: the first address that is listened on, or this host's name when that is every address. */
export function toSshLine({ listen }: Pick<Config['server'], 'listen'>, login: string): string {
  const [first] = listen;
  const anywhere = first === undefined || ['*', '0.0.0.0', '::', ''].includes(first.host);
  const port = first === undefined || first.port === 22 ? '' : `-p ${first.port} `;
  return `ssh ${port}${login}@${anywhere ? hostname() : first.host}`;
}
