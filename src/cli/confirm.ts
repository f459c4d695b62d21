import { createInterface } from 'node:readline';
import { JaildError } from '../errors/jaild-error.js';
import { type CliStreams, canAsk } from './terminal.js';

/**
 * Makes sure that somebody wants this: `--yes`, or a `y` at the terminal. Without a terminal and without `--yes` it is a usage error,
 * because a script must say what it wants; a `no` is a failure too, so that nobody takes it for done.
 */
export async function confirm(streams: CliStreams, question: string, isGiven: boolean): Promise<void> {
  if (isGiven) return;
  if (!canAsk(streams)) throw new JaildError('usage', `${question} Nobody can be asked here: say --yes`);
  const answer = await askLine(streams, `${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new JaildError('usage', 'nothing was done');
}

/** One line from the terminal; empty at its end. */
export function askLine(streams: CliStreams, prompt: string): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: streams.stdin, output: streams.stderr, terminal: true });
    lines.question(prompt, (answer) => {
      resolve(answer);
      lines.close();
    });
    lines.on('SIGINT', () => lines.close()).on('close', () => resolve(''));
  });
}

/** A line that is not shown while it is typed. */
export function askSecret(streams: CliStreams, prompt: string): Promise<string> {
  return new Promise((resolve) => {
    streams.stderr.write(prompt);
    streams.stdin.setRawMode?.(true);
    let typed = '';
    const finish = (text: string): void => {
      streams.stdin.off('data', onData).pause();
      streams.stdin.setRawMode?.(false);
      streams.stderr.write('\n');
      resolve(text);
    };
    const onData = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n') return finish(typed);
        if (character === '\u0003' || character === '\u0004') return finish('');
        typed =
          character === '\u007f' || character === '\b' ? Array.from(typed).slice(0, -1).join('') : typed + character;
      }
    };
    streams.stdin.on('data', onData).resume();
  });
}
