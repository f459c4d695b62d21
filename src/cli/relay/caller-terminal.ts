import { spawnSync } from 'node:child_process';
import { isatty } from 'node:tty';
import { JaildError } from '../../errors/jaild-error.js';
import type { TerminalSize } from '../../privsep/jail-control-client.js';

/** The terminal that the command line was typed at. */
export interface CallerTerminal {
  readonly size: () => TerminalSize;
  /** Calls back at each change of size; the result ends that. */
  readonly onResize: (changed: () => void) => () => void;
  /** Bytes pass as they are from now on; the result puts everything back as it was, a second call of it is harmless. */
  readonly enterRawMode: () => () => void;
}

/** The caller's terminal, or null when input or output is something else. */
export function findCallerTerminal(): CallerTerminal | null {
  if (!isatty(0) || !isatty(1)) return null;
  const { stdout } = process;
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows, widthPixels: 0, heightPixels: 0 }),
    onResize: (changed) => {
      stdout.on('resize', changed);
      return () => void stdout.off('resize', changed);
    },
    enterRawMode: () => enterRawMode(0),
  };
}

/**
 * stty(1) and not Node's setRawMode: that leaves output processing on (libuv: UV_TTY_MODE_RAW keeps ONLCR), and a program inside that
 * moves down with a bare line feed then finds itself in the first column.
 */
export function enterRawMode(fd: number): () => void {
  const saved = stty(fd, ['-g']);
  let isRaw = true;
  const restore = (): void => {
    if (!isRaw) return;
    isRaw = false;
    process.off('exit', restore);
    stty(fd, [saved]);
  };
  process.on('exit', restore);
  stty(fd, ['raw', '-echo', '-iexten']);
  return restore;
}

function stty(fd: number, words: readonly string[]): string {
  const { status, stdout, error } = spawnSync('stty', words, { stdio: [fd, 'pipe', 'inherit'], encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new JaildError('internal', `stty ${words.join(' ')} failed`, { cause: error });
}
