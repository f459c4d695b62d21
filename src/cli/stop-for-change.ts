import { join } from 'node:path';
import type { JailName } from '../base/brands.js';
import { isErrno } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { jailRunDir } from '../jail/plan.js';
import { JailControlClient } from '../privsep/jail-control-client.js';
import type { Jail } from '../store/jails.js';
import type { CliContext } from './context.js';
import { toOfflineRow } from './jail-rows.js';
import { stopJail } from './stop-jail.js';
import type { VerbOption } from './verb.js';

/** The option of verbs that need the jail stopped. */
export const stopOption: VerbOption = { name: 'stop', summary: 'stop it first when it runs' };

/** Refuses (`jail-running`) a jail that runs, unless it may be stopped. Whoever changes its files still takes the jail's lock. */
export function requireStoppable(context: CliContext, jail: Jail, mayStop: boolean): void {
  if (mayStop || toOfflineRow(context.config, jail).state !== 'running') return;
  throw new JaildError(
    'jail-running',
    `jail ${jail.name} is running; stop it with "jailctl jail stop ${jail.name}", or say --stop`,
    { fields: { jail: jail.name } },
  );
}

/** Stops a jail through the broker; when none runs, by the jail's own keeper, which outlives the server. */
export async function stopForChange(context: CliContext, name: JailName): Promise<void> {
  try {
    await stopJail(context, name);
  } catch (error) {
    if (!isJaildError(error, 'door-closed')) throw error;
    await stopByKeeper(context, name);
  }
}

async function stopByKeeper({ config }: CliContext, name: JailName): Promise<void> {
  let control: JailControlClient;
  try {
    control = JailControlClient.connect(join(jailRunDir(config.server.runDir, name), 'control'), name);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ECONNREFUSED')) return; // expected: it does not run
    throw error;
  }
  try {
    await control.stop(config.jails.stopTimeMs);
  } finally {
    control.close();
  }
}
