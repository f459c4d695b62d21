import { type ChildProcess, spawn } from 'node:child_process';
import type { AccountName } from '../base/brands.js';
import { escapeUntrusted } from '../base/untrusted.js';
import { isErrno } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import type { AccountLookup, AccountSource } from './account-lookup.js';
import { accountKind } from './accounts.js';
import { parseRecord } from './record-codec.js';

/** Exit status with which a program says that it does not know the name. Status 1 is what a broken script ends with, so it is not that. */
const unknownStatus = 3;

const maxOutputBytes = 256 * 1024;
const maxMessageBytes = 4096;
const maxRunning = 8;
const maxWaiting = 256;

/**
 * Accounts from a program of the admin's (LDAP, a billing panel). Run without a shell: fixed arguments, the name last; no input; an
 * environment of PATH and LANG only; a process group of its own that is killed at the deadline.
 * It prints an account record (the INI of `STATE/accounts/NAME.ini`, `[record]` last) and exits 0, or exits 3 for an unknown name.
 * Everything else (other status, deadline, too much output, another account's name) is `unavailable`.
 */
export class LookupProgram implements AccountSource {
  readonly #command: readonly string[];
  readonly #timeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: { command: readonly string[]; timeoutMs: number }) {
    this.#command = options.command;
    this.#timeoutMs = options.timeoutMs;
  }

  async find(name: AccountName): Promise<AccountLookup> {
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting) return unavailable(name, 'too many look-ups are waiting');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      return toLookup(name, await runProgram(this.#command, name, this.#timeoutMs));
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}

/** How a run ended: `status` is null when it was killed or could not start. */
interface Run {
  readonly status: number | null;
  readonly output: string;
  readonly problem: string | undefined;
}

function toLookup(name: AccountName, run: Run): AccountLookup {
  if (run.problem !== undefined) return unavailable(name, run.problem);
  if (run.status === unknownStatus) return { outcome: 'unknown' };
  try {
    const account = parseRecord(accountKind, run.output, 'the output of the look-up program');
    if (account.name !== name) return unavailable(name, `it answered for the account ${account.name}`);
    return { outcome: 'found', account };
  } catch (error) {
    if (!isJaildError(error)) throw error;
    return unavailable(name, 'its output is no account record', error);
  }
}

function unavailable(name: AccountName, problem: string, cause?: unknown): AccountLookup {
  return {
    outcome: 'unavailable',
    reason: new JaildError('lookup-unavailable', `the look-up program gave no answer: ${problem}`, {
      fields: { name },
      cause,
    }),
  };
}

function runProgram([program = '', ...fixed]: readonly string[], name: AccountName, timeoutMs: number): Promise<Run> {
  const child = spawn(program, [...fixed, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
  });
  let problem: string | undefined;
  const stop = (why: string): void => {
    problem ??= why;
    killGroup(child);
  };
  const output = collect(child.stdout, maxOutputBytes, () => stop(`it printed more than ${maxOutputBytes} bytes`));
  const messages = collect(child.stderr, maxMessageBytes, () => undefined);
  const timer = setTimeout(() => stop(`it took longer than ${timeoutMs} ms`), timeoutMs);
  return endOf(child, timeoutMs, () => problem !== undefined).then((end) => {
    clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
    return {
      status: end.status,
      output: output().toString('utf8'),
      problem: describe(problem ?? end.problem, end.status, messages()),
    };
  });
}

interface End {
  readonly status: number | null;
  readonly problem?: string;
}

/** Waits for the program and, unless it was stopped, for what it printed; a child of its own that holds the pipe open must not hold us. */
function endOf(child: ChildProcess, timeoutMs: number, wasStopped: () => boolean): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, problem: error.message }));
    child.once('exit', (status, signal) => {
      const end: End = signal === null ? { status } : { status, problem: `it was killed by ${signal}` };
      if (wasStopped() || signal !== null) {
        resolve(end);
        return;
      }
      const late = setTimeout(() => resolve(end), Math.min(timeoutMs, 1000));
      child.once('close', () => {
        clearTimeout(late);
        resolve(end);
      });
    });
  });
}

function describe(problem: string | undefined, status: number | null, messages: Buffer): string | undefined {
  const fails = problem !== undefined || (status !== 0 && status !== unknownStatus);
  if (!fails) return undefined;
  const said = messages.toString('latin1').trim();
  return `${problem ?? `it exited with status ${status}`}${said === '' ? '' : `; it said: ${escapeUntrusted(said)}`}`;
}

function collect(stream: NodeJS.ReadableStream, limitBytes: number, onOverflow: () => void): () => Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  stream.on('data', (piece: Buffer) => {
    const kept = piece.subarray(0, Math.max(0, limitBytes - length));
    length += piece.length;
    if (kept.length > 0) pieces.push(kept);
    if (length > limitBytes) onOverflow();
  });
  stream.on('error', () => undefined); // expected: the stream was destroyed
  return () => Buffer.concat(pieces);
}

function killGroup(child: ChildProcess): void {
  // Once it was reaped its number may be somebody else's.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH', 'EPERM')) throw error; // the group has ended
  }
}
