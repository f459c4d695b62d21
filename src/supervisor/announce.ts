import { addon } from '../base/addon.js';
import type { Log } from '../log/log.js';

/**
 * Says that this process serves: to systemd when it asked for that (`NOTIFY_SOCKET`), and with the line `ready` on standard output,
 * which the supervisor reads.
 */
export function announceReady(log: Log, notifySocket: string | undefined): void {
  notifyService(log, notifySocket, 'READY=1');
  process.stdout.write('ready\n');
}

/** One message to systemd; without it nothing happens. A lost message is no reason to end. */
export function notifyService(log: Log, notifySocket: string | undefined, text: string): void {
  if (notifySocket === undefined || notifySocket === '') return;
  try {
    addon.notify(notifySocket, text);
  } catch (error) {
    log.fault('telling systemd', error); // expected: ECONNREFUSED, EAGAIN
  }
}
