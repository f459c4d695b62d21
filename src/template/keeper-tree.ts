import { spawn } from 'node:child_process';
import { JaildError } from '../errors/jaild-error.js';

/** Size of a tree as `tree link` made it. */
export interface TreeSize {
  readonly files: number;
  readonly bytes: number;
}

const maxOutputBytes = 65_536;

/** Snapshot of a trusted host tree: hard links, else reflinks, else copies; what is not readable by all is left out. Excluded paths are relative to the source. */
export async function linkTree(
  keeperPath: string,
  source: string,
  target: string,
  exclude: readonly string[],
  signal: AbortSignal,
): Promise<TreeSize> {
  const output = await runTree(
    keeperPath,
    ['link', source, target, ...exclude.flatMap((path) => ['--exclude', path])],
    signal,
  );
  const match = /files ([0-9]+) bytes ([0-9]+)/.exec(output);
  if (match === null) throw new JaildError('template-build-failed', `jail-keeper tree link did not say what it made`);
  return { files: Number(match[1]), bytes: Number(match[2]) };
}

/** What a digest stands for: every byte, or (seconds instead of minutes for a whole /usr) sizes and times of change in place of the bytes of files. */
export type DigestCover = 'contents' | 'times';

/** The digest of a tree as layers are named: `sha256-HEX`. Names, types, owners, modes, links and extended attributes always count. */
export async function digestTree(
  keeperPath: string,
  path: string,
  covers: DigestCover,
  signal?: AbortSignal,
): Promise<string> {
  const output = (
    await runTree(keeperPath, ['digest', ...(covers === 'times' ? ['--times'] : []), path], signal)
  ).trim();
  if (!/^[0-9a-f]{64}$/.test(output))
    throw new JaildError('template-build-failed', `jail-keeper tree digest did not give a digest`);
  return `sha256-${output}`;
}

/** Removes a tree of ours; absent is fine. */
export async function removeTree(keeperPath: string, path: string): Promise<void> {
  await runTree(keeperPath, ['remove', path]);
}

function runTree(keeperPath: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    // Its own session: a Ctrl-C at the terminal reaches us, and we decide what to stop and what to clean up.
    const child = spawn(keeperPath, ['tree', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
      cwd: '/',
      detached: true,
      ...(signal !== undefined && { signal }),
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < maxOutputBytes) output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < maxOutputBytes) complaint += text;
    });
    child.on('error', (error) => reject(toFailure(error, args[0], signal)));
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve(output);
      else reject(toFailure(new Error(complaint.trim() || `ended with ${killedBy ?? code}`), args[0], signal));
    });
  });
}

function toFailure(error: Error, verb: string | undefined, signal: AbortSignal | undefined): JaildError {
  if (signal?.aborted === true)
    return new JaildError('template-build-cancelled', 'the build was cancelled', { cause: error });
  if ('code' in error && error.code === 'ENOENT')
    return new JaildError('keeper-missing', 'jail-keeper is not there; build it with "npm run build:native"', {
      cause: error,
    });
  return new JaildError('template-build-failed', `jail-keeper tree ${verb} failed: ${error.message}`, { cause: error });
}
