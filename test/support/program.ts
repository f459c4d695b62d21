import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** How a program ended and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** stdout and stderr as text, without the last line end. */
  readonly out: string;
  readonly err: string;
}

export interface ProgramOptions {
  /** Written to stdin, then closed; absent = empty stdin. A function gets the open stdin instead. */
  readonly input?: string | Buffer | ((stdin: Writable) => void);
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Killed (SIGKILL) and failed after so long. Default 60 s. */
  readonly deadlineMs?: number;
  readonly uid?: number;
}

/** A program that runs: its process, and the promise of how it ends. */
export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Outcome>;
  /** What it wrote so far. */
  stdoutSoFar(): Buffer;
  stderrSoFar(): Buffer;
}

function toText(bytes: Buffer): string {
  return bytes.toString().replace(/\r?\n$/, '');
}

const open = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();

/** Ends the programs that a failed test left running. */
export function endOpenPrograms(): void {
  for (const child of open) {
    child.kill('SIGKILL');
  }
}

/** Starts a program (argument vector, no shell) and collects what it writes. */
export function startProgram(program: string, args: readonly string[], options: ProgramOptions = {}): Running {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  open.add(child);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {
    // expected: the program ended without reading all of its input
  });
  if (typeof options.input === 'function') {
    options.input(child.stdin);
  } else {
    child.stdin.end(options.input);
  }
  return {
    child,
    ended: ending(child, out, err, `${program} ${args.join(' ')}`, options.deadlineMs ?? 60_000),
    stdoutSoFar: () => Buffer.concat(out),
    stderrSoFar: () => Buffer.concat(err),
  };
}

function ending(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  out: Buffer[],
  err: Buffer[],
  line: string,
  deadlineMs: number,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.on('error', (error) => {
      open.delete(child);
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      open.delete(child);
      clearTimeout(timer);
      const stdout = Buffer.concat(out);
      const stderr = Buffer.concat(err);
      const outcome = { code, signal, stdout, stderr, out: toText(stdout), err: toText(stderr) };
      if (isLate) {
        reject(
          new Error(
            `${line}: not done within ${deadlineMs} ms\n${outcome.out.slice(-2000)}\n${outcome.err.slice(-2000)}`,
          ),
        );
      } else {
        resolve(outcome);
      }
    });
  });
}

/** Runs a program to its end. */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  return startProgram(program, args, options).ended;
}

/** Runs a program that must succeed; gives its stdout as text. */
export async function mustRun(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const outcome = await runProgram(program, args, options);
  if (outcome.code !== 0) {
    throw new Error(
      `${program} ${args.join(' ')} ended with ${outcome.code ?? outcome.signal}:\n${outcome.out}\n${outcome.err}`,
    );
  }
  return outcome.out;
}
