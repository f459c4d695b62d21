import pty from 'node-pty';
import type { Instance } from './instance.js';
import { sshSettings } from './ssh-client.js';
import { until } from './until.js';

/** A person at a terminal: OpenSSH's client on a pseudo terminal of the test machine. */
export interface TerminalClient {
  /** Types text; end a line with \r, as a keyboard does. */
  type(text: string): void;
  /** Waits until what came so far (since the last `sees`) matches, gives the match, and forgets what came before. */
  sees(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  resize(columns: number, rows: number): void;
  /** Ends the client at once, as a closed lid or a lost train connection would. */
  vanish(): void;
  /** The client's exit status. Fails when it does not end soon. */
  ends(deadlineMs?: number): Promise<number>;
  readonly pid: number;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly command?: string;
  readonly flags?: readonly string[];
  readonly term?: string;
}

const open = new Set<number>();

/** Ends the clients that a failed test left behind. */
export function endOpenTerminals(): void {
  for (const pid of open) {
    process.kill(pid, 'SIGKILL');
  }
}

/** Opens an interactive session, as `ssh USER@HOST` typed at a terminal. */
export function openTerminal(instance: Instance, user: string, options: TerminalOptions = {}): TerminalClient {
  const target = [...(options.flags ?? []), '-tt', '-p', String(instance.files.port), `${user}@127.0.0.1`];
  const command = options.command === undefined ? [] : ['--', options.command];
  const terminal = pty.spawn('ssh', [...sshSettings(instance), ...target, ...command], {
    name: options.term ?? 'xterm-256color',
    cols: options.columns ?? 80,
    rows: options.rows ?? 24,
    env: process.env,
    cwd: '/',
  });
  let text = '';
  terminal.onData((chunk) => {
    text += chunk;
  });
  open.add(terminal.pid);
  const ended = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      open.delete(terminal.pid);
      resolve(exitCode);
    });
  });
  return {
    type: (typed) => terminal.write(typed),
    sees: async (pattern, deadlineMs = 15_000) => {
      const match = await until(
        `the terminal shows ${pattern}`,
        deadlineMs,
        () => pattern.exec(text) ?? undefined,
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it shows:\n${text.slice(-1500)}`);
      });
      text = text.slice(match.index + match[0].length);
      return match;
    },
    resize: (columns, rows) => terminal.resize(columns, rows),
    vanish: () => process.kill(terminal.pid, 'SIGKILL'),
    ends: async (deadlineMs = 15_000) => {
      await until('the client ends', deadlineMs, () => !open.has(terminal.pid)).catch((error: Error) => {
        throw new Error(`${error.message}; it shows:\n${text.slice(-1500)}`);
      });
      return ended;
    },
    pid: terminal.pid,
  };
}
