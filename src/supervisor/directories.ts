import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.js';
import { isForbidden } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { stateLayout } from '../store/layout.js';

/**
 * Makes the directories of an instance, or sets their modes right. What holds secrets or tenants' files is closed to everybody but
 * root; the state directory itself can be passed through (0711), because layers are opened below it with lesser rights.
 */
export function makeDirectories({ server, log }: Pick<Config, 'server' | 'log'>): void {
  const layout = stateLayout(server);
  const wanted: readonly (readonly [directory: string, mode: number])[] = [
    [server.stateDir, 0o711],
    [layout.keysDir, 0o700],
    [layout.accountsDir, 0o700],
    [layout.jailsDir, 0o700],
    [layout.templatesDir, 0o700],
    [layout.layersDir, 0o700],
    [server.runDir, 0o711],
    [join(server.runDir, 'jails'), 0o700],
    [server.logDir, 0o750],
    [dirname(log.auditFile), 0o750],
  ];
  for (const [directory, mode] of wanted) makeDirectory(directory, mode);
}

function makeDirectory(directory: string, mode: number): void {
  try {
    const made = mkdirSync(directory, { recursive: true, mode });
    if (made !== undefined) chmodSync(directory, mode); // the umask must not decide
  } catch (error) {
    const hint = isForbidden(error) ? 'no permission (are you root?)' : 'it cannot be made';
    throw new JaildError('store-unwritable', `${directory}: ${hint}`, { fields: { directory }, cause: error });
  }
}
