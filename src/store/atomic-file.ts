import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAbsent, isDiskFull, isErrno, isForbidden } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { withCleanupFailure } from '../errors/presentation.js';

const temporaryPattern = /^\.(.+)\.([0-9]+)\.[0-9a-f]{12}\.tmp$/;

/**
 * Puts `data` in place of `file`: new file, fsync, rename, fsync of the directory. Whatever happens (disk full, power cut, kill), `file`
 * holds either all of the old or all of the new data. Faults: `store-unwritable`.
 */
export async function writeFileAtomically(
  file: string,
  data: string | Uint8Array,
  { mode = 0o600 }: { mode?: number } = {},
): Promise<void> {
  await writeNew(file, data, mode, (temporary) => rename(temporary, file));
}

/** The same, but never over an existing file: of two that race, one gets `record-exists`. */
export async function createFileAtomically(
  file: string,
  data: string | Uint8Array,
  { mode = 0o600 }: { mode?: number } = {},
): Promise<void> {
  await writeNew(file, data, mode, async (temporary) => {
    await link(temporary, file);
    await unlink(temporary);
  });
}

/** Removes a file and makes that last. Answers false when it was not there. */
export async function removeFile(file: string): Promise<boolean> {
  try {
    await unlink(file);
    await syncDirectory(dirname(file));
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw unwritable(file, error);
  }
}

/** Makes the names in a directory last (after a rename or unlink). */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes new files that a killed writer left in `directory`; those of processes that live are kept. Answers how many. */
export async function removeStaleTemporaries(directory: string): Promise<number> {
  let removed = 0;
  for (const name of await readdir(directory)) {
    const pid = temporaryPattern.exec(name)?.[2];
    if (pid === undefined || isAlive(Number(pid))) continue;
    if (await removeFile(join(directory, name))) removed += 1;
  }
  return removed;
}

async function writeNew(
  file: string,
  data: string | Uint8Array,
  mode: number,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx', mode);
    await handle.chmod(mode); // the umask must not decide
    await handle.writeFile(data);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await place(temporary);
  } catch (error) {
    const fault = isErrno(error, 'EEXIST')
      ? new JaildError('record-exists', `${file} exists already`, { fields: { file }, cause: error })
      : unwritable(file, error);
    throw await discard(temporary, handle, fault);
  }
  await syncDirectory(dirname(file));
}

async function discard(temporary: string, handle: FileHandle | undefined, fault: JaildError): Promise<JaildError> {
  try {
    await handle?.close();
    await unlink(temporary);
    return fault;
  } catch (error) {
    return isAbsent(error) ? fault : withCleanupFailure(fault, error);
  }
}

function unwritable(file: string, error: unknown): JaildError {
  const reason = isDiskFull(error)
    ? 'the disk is full'
    : isForbidden(error)
      ? 'no permission'
      : isAbsent(error)
        ? 'its directory is gone'
        : 'writing failed';
  return new JaildError('store-unwritable', `${file} cannot be changed: ${reason}; what it held is unchanged`, {
    fields: { file },
    cause: error,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}
