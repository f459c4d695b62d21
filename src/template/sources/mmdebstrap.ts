import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { escapeUntrusted } from '../../base/untrusted.js';
import { JaildError } from '../../errors/jaild-error.js';
import type { BuildProgress, ReportProgress } from '../progress.js';

const keptLines = 20;
const stopAfterMs = 10_000;

/** Turns mmdebstrap's output into progress: which package, and how far of all that apt announced. */
export class MmdebstrapProgress {
  #total = 0;
  #fetched = 0;
  #unpacked = 0;
  #setUp = 0;
  #percentage = 5;

  /** The news in a line, or undefined when there are none. */
  read(line: string): BuildProgress | undefined {
    const announced = /(\d+) newly installed/.exec(line)?.[1];
    if (announced !== undefined) this.#total += Number(announced);
    const fetched = /^Get:\d+ \S+ \S+ \S+ ([a-z0-9][a-z0-9+.-]*) .*\[[^\]]+\]$/.exec(line)?.[1];
    if (fetched !== undefined && this.#total > 0) {
      this.#fetched += 1;
      return this.#news('download', fetched);
    }
    const unpacked = /^Unpacking ([a-z0-9][a-z0-9+.-]*)/.exec(line)?.[1];
    if (unpacked !== undefined) {
      this.#unpacked += 1;
      return this.#news('unpack', unpacked);
    }
    const setUp = /^Setting up ([a-z0-9][a-z0-9+.-]*)/.exec(line)?.[1];
    if (setUp !== undefined) {
      this.#setUp += 1;
      return this.#news('install', setUp);
    }
    return line.startsWith('I: running apt-get update') ? { phase: 'package lists', percentage: 2 } : undefined;
  }

  /** All steps of all announced packages make 5 to 90 percent; packages announced later make it wait, never go back. */
  #news(phase: string, name: string): BuildProgress {
    const done = this.#fetched + this.#unpacked + this.#setUp;
    const share = Math.min(1, done / Math.max(1, this.#total * 3));
    this.#percentage = Math.max(this.#percentage, Math.round(5 + share * 85));
    return { phase, package: name, percentage: this.#percentage };
  }
}

/**
 * Runs mmdebstrap as root of the host (it makes a mount namespace of its own, so that nothing stays mounted when it dies).
 * Faults: `template-build-failed` with its last lines, `template-build-cancelled`.
 */
export async function runMmdebstrap(
  args: readonly string[],
  temporaryPath: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn('mmdebstrap', ['--mode=root', '--format=directory', '--verbose', ...args], {
    // Its own group, so that a Ctrl-C reaches only us, and a cancel all of its children.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      LC_ALL: 'C.UTF-8',
      TMPDIR: temporaryPath,
      DEBIAN_FRONTEND: 'noninteractive',
    },
  });
  const progress = new MmdebstrapProgress();
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > keptLines) last.shift();
      const news = progress.read(line);
      if (news !== undefined) report(news);
    });
  }
  const stop = (): void => stopGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await ended(child, last);
  } catch (error) {
    if (signal.aborted) throw new JaildError('template-build-cancelled', 'the build was cancelled', { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function ended(child: ReturnType<typeof spawn>, last: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      const missing = 'code' in cause && cause.code === 'ENOENT';
      reject(
        new JaildError(
          'template-build-failed',
          missing
            ? 'mmdebstrap is not installed; install it with "apt-get install mmdebstrap"'
            : 'mmdebstrap could not be started',
          { cause },
        ),
      );
    });
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve();
      const text = last.map((line) => escapeUntrusted(line, 300)).join('\n');
      reject(
        new JaildError(
          'template-build-failed',
          `mmdebstrap ended with ${killedBy ?? code}: ${last.findLast((line) => line.startsWith('E:')) ?? ''}`,
          { cause: new Error(text) },
        ),
      );
    });
  });
}

/** Asks the group to end, and makes it. mmdebstrap cleans up on INT; what it leaves lies in the staging directory. */
function stopGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGINT');
  setTimeout(() => signalGroup(pid, 'SIGKILL'), stopAfterMs).unref();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // expected: ESRCH, the group has ended
  }
}
