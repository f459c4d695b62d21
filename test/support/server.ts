import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { InstanceFiles } from './instance-files.js';
import { until } from './until.js';

/** One line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string };

/** A running `jaild serve` of an instance. Its log goes to log/serve.log. */
export interface Server {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves with status or signal when the supervisor has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<void>;
}

export function serverLog(files: InstanceFiles): LogLine[] {
  return readFileSync(path.join(files.directory, 'serve.log'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return []; // expected: a line that is being written, or text of a crash
      }
    });
}

/** Starts the server and waits until it says that it is ready. */
export async function startServer(files: InstanceFiles): Promise<Server> {
  const logFile = path.join(files.directory, 'serve.log');
  const log = openSync(logFile, 'a');
  const sizeBefore = readFileSync(logFile).length;
  const child = spawn(
    process.execPath,
    [path.join(files.app, 'dist/src/bin/jaild.js'), 'serve', '--config', files.config],
    {
      cwd: '/',
      stdio: ['ignore', log, log],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    },
  );
  closeSync(log);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  await until('the server is ready', 30_000, () => {
    const text = readFileSync(logFile).subarray(sizeBefore).toString();
    if (text.includes('"server.ready"')) {
      return true;
    }
    if (isOver) {
      throw new Error(`the server ended while starting:\n${text.slice(-3000)}`);
    }
    return false;
  });
  return {
    pid: child.pid ?? 0,
    process: child,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      await until('the server stops', 30_000, () => isOver);
    },
  };
}
