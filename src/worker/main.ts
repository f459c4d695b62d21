import { addon } from '../base/addon.js';
import { rootLogger } from '../log/root.js';
import { type WorkerExit, workerExit } from './exit-codes.js';
import { runSelfChecks } from './self-check/run.js';
import { Worker } from './worker.js';

/**
 * A worker: the only process that speaks SSH, and the only code that imports ssh2 and node-pty. It is started by the keeper under an own uid
 * and holds nothing but connections. It may not start a process, make a socket, read a file after its start, or decide
 * anything about accounts: that is the broker's.
 *
 * Descriptor 3 is the control socket; logs go to 2. Resolves with the status to exit with (`exit-codes.ts`).
 */
export async function runWorker(options: { readonly controlFd?: number } = {}): Promise<number> {
  addon.setNonDumpable();
  const log = rootLogger({ role: 'worker' });
  const ended = new Promise<WorkerExit>((resolve) => {
    const onFault = (error: unknown) => {
      log.fault('worker', error);
      resolve(workerExit.fault);
    };
    process.on('uncaughtException', onFault);
    process.on('unhandledRejection', onFault);
    void start(options.controlFd ?? 3, resolve).catch(onFault);
  });

  async function start(controlFd: number, end: (code: WorkerExit) => void): Promise<void> {
    const checks = await runSelfChecks();
    for (const { name, error } of checks.failed) log.event('worker.check-failed', { check: name, error });
    if (checks.failed.length > 0) return end(workerExit.checkFailed);
    if (!checks.hasNativeCiphers) log.event('worker.degraded', { reason: 'the native ciphers of ssh2 are missing' });
    addon.tightenSeccomp();
    new Worker(controlFd, log, end);
  }

  const code = await ended;
  log.flush();
  return code;
}
