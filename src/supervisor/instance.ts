import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../base/addon.js';
import type { Config } from '../config/schema.js';
import { isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { writeFileAtomically } from '../store/atomic-file.js';
import { IdAllocator } from '../store/ids.js';
import { stateLayout } from '../store/layout.js';
import { type HeldLock, tryLock, waitForLock, withLock } from '../store/lock.js';
import { makeDirectories } from './directories.js';

const socketNames = ['listener.sock', 'admin.sock', 'resume.sock', 'keeper.sock'];
const orphanWaitMs = 5000;

/**
 * Makes this process the one server of its state directory: directories, the instance lock, the claim of ids on this host, and no
 * sockets or host keeper left by a server that was killed. Jails and their keepers are left alone. The lock ends with the process.
 * Faults: `not-root`, `instance-running`, `ids-conflict`, `store-unwritable`.
 */
export async function holdInstance(config: Config): Promise<HeldLock> {
  if (process.getuid?.() !== 0)
    throw new JaildError('not-root', 'the server must be started as root: it makes jails for others');
  makeDirectories(config);
  const lock = await takeInstanceLock(config);
  try {
    await new IdAllocator(config).claimInstance();
    await endOrphanKeeper(config.server.runDir);
    for (const name of socketNames) rmSync(join(config.server.runDir, name), { force: true });
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** For a broker under a supervisor, which holds the instance: waits until the broker of a supervisor that was killed has ended. */
export async function holdBroker({ server }: Pick<Config, 'server'>): Promise<HeldLock> {
  return await waitForLock(join(server.runDir, 'broker.lock'), orphanWaitMs);
}

async function takeInstanceLock({ server }: Pick<Config, 'server'>): Promise<HeldLock> {
  const file = stateLayout(server).instanceLock;
  const note = join(server.stateDir, '.server.pid');
  const lock = tryLock(file);
  if (lock === undefined) {
    throw new JaildError('instance-running', `a server runs already on ${server.stateDir} (process ${pidIn(note)})`, {
      fields: { stateDir: server.stateDir },
    });
  }
  await writeFileAtomically(note, `${process.pid}\n`); // only for this message
  return lock;
}

function pidIn(note: string): string {
  try {
    return /^[0-9]{1,10}/.exec(readFileSync(note, 'utf8'))?.[0] ?? 'unknown';
  } catch {
    return 'unknown'; // expected: ENOENT, when the other one is just starting
  }
}

/** A supervisor that was killed leaves its host keeper, and a new one would find the run directory locked. */
async function endOrphanKeeper(runDir: string): Promise<void> {
  const pid = keeperPid(join(runDir, 'keeper.sock'));
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  try {
    await withLock(join(runDir, 'keeper.lock'), () => Promise.resolve(), orphanWaitMs);
  } catch (cause) {
    throw new JaildError('instance-running', `an old jail-keeper (process ${pid}) does not end`, {
      fields: { pid },
      cause,
    });
  }
}

/** The process that listens at `path`, as the kernel knows it. */
function keeperPid(path: string): number | undefined {
  try {
    const fd = addon.connectUnix(path, 'seqpacket');
    try {
      return addon.peerCredentials(fd).pid;
    } finally {
      addon.close(fd);
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ECONNREFUSED')) return undefined;
    throw error;
  }
}
