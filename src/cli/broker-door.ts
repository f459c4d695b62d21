import { join } from 'node:path';
import { addon } from '../base/addon.js';
import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import { DoorClient } from '../privsep/door-client.js';

/** A door to the running broker. Throws `door-closed` (exit status 75) when none answers. The caller closes it. */
export function openBrokerDoor(config: Config): DoorClient {
  const path = join(config.server.runDir, 'admin.sock');
  try {
    return new DoorClient(addon.connectUnix(path, 'stream'));
  } catch (error) {
    // Expected: ENOENT and ECONNREFUSED while no server runs, EACCES for who may not ask.
    throw new JaildError('door-closed', `no server answers at ${path}; start it with: jaild serve`, { cause: error });
  }
}

/** Runs `work` with a door that is closed afterwards. */
export async function withBroker<T>(config: Config, work: (door: DoorClient) => Promise<T>): Promise<T> {
  const door = openBrokerDoor(config);
  try {
    return await work(door);
  } finally {
    door.close();
  }
}

/** The same, or null when no broker answers: for verbs that can also work from the records. */
export async function withBrokerIfRunning<T>(
  config: Config,
  work: (door: DoorClient) => Promise<T>,
): Promise<T | null> {
  let door: DoorClient;
  try {
    door = openBrokerDoor(config);
  } catch {
    // Expected: no server runs.
    return null;
  }
  try {
    return await work(door);
  } finally {
    door.close();
  }
}
