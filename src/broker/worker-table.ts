import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { addon } from '../base/addon.js';
import { projectRoot } from '../base/project-root.js';
import { isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import type { KeeperLink } from '../jail/keeper-link.js';
import type { Log } from '../log/log.js';
import type { ProcessEnd } from '../privsep/keeper-client.js';
import { listUsedUids } from './used-uids.js';
import { type Bind, findWorkerBinds } from './worker-libraries.js';
import { WorkerLog } from './worker-log.js';

interface Worker {
  readonly workerId: string;
  readonly pid: number;
  readonly uid: number;
  readonly log: WorkerLog;
}

export interface WorkerTableOptions {
  readonly keeper: KeeperLink;
  readonly log: Log;
  /** The range of user ids, one per worker. */
  range(): { readonly firstUid: number; readonly uidCount: number };
  exited(workerId: string, end: ProcessEnd): void;
}

const maxOldSpaceMiB = 192;

/** The worker processes that this broker had started. Each has a uid of its own while it lives. */
export class WorkerTable {
  readonly #options: WorkerTableOptions;
  readonly #workers = new Map<number, Worker>();
  readonly #uidsInUse = new Set<number>();
  #nextUid = 0;
  #hasLooked = false;
  #binds: Promise<Bind[]> | undefined;

  constructor(options: WorkerTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#workers.size;
  }

  /** Starts one worker; the descriptor is the listener's end of its control socket. */
  async start(): Promise<{ workerId: string; pid: number; control: number }> {
    const keeper = await this.#options.keeper.client();
    this.#binds ??= findWorkerBinds();
    const binds = await this.#binds;
    const uid = this.#takeUid();
    const [ours, control] = addon.socketPair('stream');
    const [logEnd, logFd] = addon.socketPair('stream');
    const workerId = randomBytes(6).toString('hex');
    try {
      const { pid } = await keeper.startWorker(
        {
          uid,
          gid: uid,
          program: process.execPath,
          argv: [`--max-old-space-size=${maxOldSpaceMiB}`, join(projectRoot, 'dist/src/bin/jaild.js'), 'worker'],
          env: { LANG: 'C.UTF-8', HOME: '/' },
          binds,
          hostname: 'worker',
        },
        control,
        logFd,
      );
      const log = new WorkerLog(logEnd, this.#options.log.child({ worker: workerId }));
      this.#workers.set(pid, { workerId, pid, uid, log });
      return { workerId, pid, control: ours };
    } catch (error) {
      this.#uidsInUse.delete(uid);
      for (const fd of [ours, logEnd]) addon.close(fd);
      throw error;
    }
  }

  /** Kills a worker that hangs. The pid is a child of the keeper that has not told its end, so that it cannot be anybody else's. */
  kill(workerId: string): boolean {
    const worker = [...this.#workers.values()].find((entry) => entry.workerId === workerId);
    if (worker === undefined) return false;
    try {
      process.kill(worker.pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error; // it has just ended
    }
    return true;
  }

  /** The keeper told that a worker has ended. */
  noteExit(pid: number, end: ProcessEnd): void {
    const worker = this.#workers.get(pid);
    if (worker === undefined) return;
    this.#workers.delete(pid);
    this.#uidsInUse.delete(worker.uid);
    setTimeout(() => worker.log.close(), 1000).unref(); // its last words may still be on their way
    this.#options.exited(worker.workerId, end);
  }

  close(): void {
    for (const { log } of this.#workers.values()) log.close();
  }

  /** No two workers have one uid; those that an earlier broker's workers still have are left out for good. */
  #takeUid(): number {
    const { firstUid, uidCount } = this.#options.range();
    if (!this.#hasLooked) for (const uid of listUsedUids(firstUid, uidCount)) this.#uidsInUse.add(uid);
    this.#hasLooked = true;
    for (let tried = 0; tried < uidCount; tried += 1) {
      const uid = firstUid + (this.#nextUid % uidCount);
      this.#nextUid += 1;
      if (!this.#uidsInUse.has(uid)) {
        this.#uidsInUse.add(uid);
        return uid;
      }
    }
    throw new JaildError('too-many', 'all user ids of workers are in use; raise [workers] uid_count');
  }
}
