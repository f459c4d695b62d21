import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Jail } from '../store/jails.js';

/** Refuses the host's network where the configuration does, before a record is written with which the jail would never start. */
export function requireAllowedNetwork({ jails }: Pick<Config, 'jails'>, network: Jail['network'] | undefined): void {
  if (network !== 'host' || jails.allowHostNetwork) return;
  throw new JaildError(
    'config-invalid',
    "--network host: the host's network is for jails only with [jails] allow_host_network = yes",
  );
}
