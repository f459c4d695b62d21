import type { JailName } from '../base/brands.js';
import type { CliContext } from './context.js';
import { stopForChange } from './stop-for-change.js';

/** Stops a jail and removes it with its files and ids. */
export async function deleteJail(context: CliContext, name: JailName): Promise<void> {
  const record = context.openAudit();
  await context.jails.require(name);
  await stopForChange(context, name);
  await context.lifecycle.delete(name);
  record('jail.deleted', { jail: name });
}
