import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { JaildError } from '../errors/jaild-error.js';

const runFile = promisify(execFile);

/**
 * Forces the file system that holds `path` to disk (syncfs(2), which Node does not have). Without it a power cut after the publishing
 * rename could leave a version whose files are empty. Each file by itself would take minutes for a large tree.
 */
export async function syncFileSystem(path: string, signal: AbortSignal): Promise<void> {
  try {
    await runFile('/usr/bin/sync', ['--file-system', path], { env: {}, cwd: '/', signal });
  } catch (cause) {
    throw new JaildError('template-build-failed', `${path} could not be forced to disk`, { cause });
  }
}
