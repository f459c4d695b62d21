import { join } from 'node:path';
import { addon } from '../base/addon.js';
import type { Config } from '../config/schema.js';
import type { Log } from '../log/log.js';
import { DoorClient } from '../privsep/door-client.js';

const marginMs = 10_000;

/** Asks the broker to stop all jails, all at once. What cannot be stopped is logged and left. */
export async function stopAllJails({ server, jails }: Pick<Config, 'server' | 'jails'>, log: Log): Promise<void> {
  const door = new DoorClient(addon.connectUnix(join(server.runDir, 'admin.sock'), 'stream'));
  try {
    const { answer } = await door.ask('list', { noun: 'jails' });
    const running = answer.noun === 'jails' ? answer.rows.filter(({ state }) => state === 'running') : [];
    await Promise.all(
      running.map(async ({ name }) => {
        try {
          await door.ask('stop', { jail: name, deadlineMs: jails.stopTimeMs }, jails.stopTimeMs + marginMs);
        } catch (error) {
          log.event('jail.failed', { jail: name, while: 'stopping', error });
        }
      }),
    );
  } finally {
    door.close();
  }
}
