import type { BrokerContext } from './context.js';

const atOnce = 4;

/** Starts the jails that want to run from boot on. One that cannot start is reported and holds up nobody. */
export async function autostart(context: BrokerContext): Promise<void> {
  const { values } = await context.jails.list();
  const wanted = values.filter((jail) => jail.autostart);
  const work = Array.from({ length: atOnce }, async () => {
    for (let jail = wanted.shift(); jail !== undefined; jail = wanted.shift()) {
      try {
        await context.runtime.ensureRunning(jail);
      } catch (error) {
        context.log.event('jail.failed', { jail: jail.name, while: 'starting at boot', error });
      }
    }
  });
  await Promise.all(work);
}
