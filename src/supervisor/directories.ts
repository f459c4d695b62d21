import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.js';
import { isForbidden } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { stateLayout } from '../store/layout.js';

/**
 * Makes the directories of an instance. What holds secrets or tenants' files is closed to everybody but root, also when somebody had
 * opened it; the state directory itself can be passed through (0711), because layers are opened below it with lesser rights.
 * A directory that the configuration names keeps the mode it has: it may be shared with others (/var/log).
 */
export function makeDirectories({ server, log }: Pick<Config, 'server' | 'log'>): void {
  const layout = stateLayout(server);
  for (const directory of [server.stateDir, server.runDir]) makeDirectory(directory, 0o711, 'when-made');
  for (const directory of [server.logDir, dirname(log.auditFile)]) makeDirectory(directory, 0o750, 'when-made');
  const own = [
    layout.keysDir,
    layout.accountsDir,
    layout.jailsDir,
    layout.templatesDir,
    layout.layersDir,
    join(server.runDir, 'jails'),
  ];
  for (const directory of own) makeDirectory(directory, 0o700, 'always');
}

function makeDirectory(directory: string, mode: number, setMode: 'always' | 'when-made'): void {
  try {
    const made = mkdirSync(directory, { recursive: true, mode });
    if (made !== undefined || setMode === 'always') chmodSync(directory, mode); // the umask must not decide
  } catch (error) {
    const hint = isForbidden(error) ? 'no permission (are you root?)' : 'it cannot be made';
    throw new JaildError('store-unwritable', `${directory}: ${hint}`, { fields: { directory }, cause: error });
  }
}
