import { createInterface } from 'node:readline/promises';
import { JaildError } from '../errors/jaild-error.js';
import type { Invocation, OptionDefinition } from './command.js';

/** The option of every destructive verb. */
export const yesOption: OptionDefinition = { flags: '-y, --yes', help: 'do not ask' };

/** Asks on a terminal whether to go on; without a terminal `--yes` is needed. Throws `usage` when the answer is no. */
export async function confirm(invocation: Invocation, question: string): Promise<void> {
  if (invocation.options.flag('yes')) return;
  if (!process.stdin.isTTY) throw new JaildError('usage', `${question} Say so with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new JaildError('usage', 'nothing was changed');
  } finally {
    terminal.close();
  }
}
