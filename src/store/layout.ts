import { join } from 'node:path';
import type { AccountName, JailName } from '../base/brands.js';
import type { Config } from '../config/schema.js';

/** Where everything is below the state directory (0711; what is in it 0700). */
export interface StateLayout {
  readonly stateDir: string;
  readonly keysDir: string;
  readonly accountsDir: string;
  readonly jailsDir: string;
  readonly templatesDir: string;
  readonly layersDir: string;
  readonly idsFile: string;
  /** Held by the one server of this state directory for as long as it runs. */
  readonly instanceLock: string;
  accountFile(name: AccountName): string;
  jailDir(name: JailName): string;
  jailFile(name: JailName): string;
}

export function stateLayout(server: Pick<Config['server'], 'stateDir'>): StateLayout {
  const { stateDir } = server;
  const below = (...names: string[]): string => join(stateDir, ...names);
  return {
    stateDir,
    keysDir: below('keys'),
    accountsDir: below('accounts'),
    jailsDir: below('jails'),
    templatesDir: below('templates'),
    layersDir: below('layers'),
    idsFile: below('ids.ini'),
    instanceLock: below('.server.lock'),
    accountFile: (name) => below('accounts', `${name}.ini`),
    jailDir: (name) => below('jails', name),
    jailFile: (name) => below('jails', name, 'jail.ini'),
  };
}
