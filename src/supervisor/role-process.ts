import { type ChildProcess, spawn } from 'node:child_process';
import { BackOff } from '../base/back-off.js';
import { pause, withDeadline } from '../base/deadline.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Log } from '../log/log.js';

/** How to start one role. */
export interface RolePlan {
  readonly name: 'keeper' | 'broker' | 'listener';
  readonly program: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Descriptors that become 3, 4, … of the role. They stay open here, for the next start. */
  readonly fds?: readonly number[];
  readonly env: Readonly<Record<string, string>>;
  /** Status 0 means that it was told to end (the listener has drained); for the others it is a failure like any other. */
  readonly mayFinish?: boolean;
}

export interface RoleEvents {
  /** A role that `mayFinish` ended by itself with status 0 and is not started again. */
  finished(name: RolePlan['name']): void;
}

const readyTimeMs = 60_000;

/**
 * One role as a child: started, restarted with growing pauses when it ends by itself, ended when told. A role prints the line `ready` on
 * its standard output when it serves; its log goes to our standard error. It sees the end of its standard input when we are gone.
 */
export class RoleProcess {
  readonly #plan: RolePlan;
  readonly #log: Log;
  readonly #events: RoleEvents;
  readonly #backOff = new BackOff({ firstMs: 100, lastMs: 5000, calmMs: 30_000 });
  readonly #stop = new AbortController();
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(plan: RolePlan, log: Log, events: RoleEvents) {
    this.#plan = plan;
    this.#log = log;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it for the first time and waits until it serves; a role that cannot even begin is a fault (`role-failed`), not restarted. */
  async start(): Promise<void> {
    const { child, ready } = this.#spawn();
    this.#child = child;
    try {
      await withDeadline(ready, readyTimeMs, `"ready" of the ${this.#plan.name}`);
    } catch (error) {
      child.kill('SIGKILL');
      throw new JaildError('role-failed', `the ${this.#plan.name} did not start`, {
        fields: { role: this.#plan.name },
        cause: error,
      });
    }
    this.#ended = this.#watch(child);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends `signal`, waits, and kills after `deadlineMs`. It is not started again. */
  async stop(signal: NodeJS.Signals, deadlineMs: number): Promise<void> {
    this.#stop.abort();
    this.#child?.kill(signal);
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), deadlineMs);
    await this.#ended;
    clearTimeout(late);
    this.#log.event('role.stopped', { child: this.#plan.name });
  }

  #spawn(): { child: ChildProcess; ready: Promise<void> } {
    const { program, args, uid, gid, fds = [], env, name } = this.#plan;
    const child = spawn(program, [...args], {
      stdio: ['pipe', 'pipe', 'inherit', ...fds],
      cwd: '/',
      detached: true, // a Ctrl-C on our terminal is for us alone: we end the roles in order
      env: { ...env, LISTEN_FDS: String(fds.length) },
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
    child.stdin?.on('error', () => undefined); // expected: EPIPE, nobody reads it
    const ready = new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (data: Buffer) => {
        said = (said + data.toString('latin1')).slice(-1000);
        if (/^ready$/m.test(said)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new Error(`it ended before it was ready (${signal ?? `status ${code}`})`)),
      );
    });
    ready.then(
      () => this.#log.event('role.started', { child: name, childPid: child.pid }),
      () => undefined, // told to whoever waits for it; after a restart the exit is told by #watch
    );
    return { child, ready };
  }

  /** Resolves when the role has ended for good. */
  async #watch(first: ChildProcess): Promise<void> {
    for (let child = first; ; ) {
      const { code, signal } = await exitOf(child);
      if (this.#stop.signal.aborted) return;
      this.#log.event('role.exited', { child: this.#plan.name, code, signal });
      if (code === 0 && this.#plan.mayFinish === true) {
        this.#events.finished(this.#plan.name);
        return;
      }
      await pause(this.#backOff.next(), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      child = this.#spawn().child;
      this.#child = child;
      this.#log.event('role.restarted', { child: this.#plan.name, childPid: child.pid });
    }
  }
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}
