import { chmodSync, chownSync, rmSync } from 'node:fs';
import { addon, type Watch } from '../base/addon.js';
import { isOutOfDescriptors, isPeerGone } from '../errors/errno.js';
import type { Log } from '../log/log.js';

export interface SocketPlace {
  readonly path: string;
  readonly mode: number;
  /** Who else may connect; root always may. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

const acceptsPerTurn = 16;

/** One listening door. The socket of a broker that was killed is replaced: the caller holds the lock of the instance. */
export class SocketListener {
  readonly #fd: number;
  readonly #watch: Watch;
  readonly #place: SocketPlace;

  constructor(place: SocketPlace, log: Log, accepted: (fd: number) => void) {
    this.#place = place;
    rmSync(place.path, { force: true });
    this.#fd = addon.listenUnix(place.path, 'stream', 0o600);
    if (place.owner !== undefined) chownSync(place.path, place.owner.uid, place.owner.gid);
    chmodSync(place.path, place.mode);
    this.#watch = addon.watch(this.#fd, { readable: true }, () => {
      for (let count = 0; count < acceptsPerTurn; count += 1) {
        const connection = acceptOne(this.#fd, log);
        if (connection === null) return;
        accepted(connection);
      }
    });
  }

  /** Nobody connects any more; the name is removed. */
  close(): void {
    this.#watch.close();
    addon.close(this.#fd);
    rmSync(this.#place.path, { force: true });
  }
}

function acceptOne(fd: number, log: Log): number | null {
  try {
    return addon.accept(fd)?.fd ?? null;
  } catch (error) {
    if (!isPeerGone(error) && !isOutOfDescriptors(error)) throw error;
    log.event('accept.failed', { error });
    return null;
  }
}
