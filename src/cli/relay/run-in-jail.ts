import { addon } from '../../base/addon.js';
import type { JailName } from '../../base/brands.js';
import { JaildError } from '../../errors/jaild-error.js';
import type { Question } from '../../privsep/request-table.js';
import type { CliContext } from '../context.js';
import { type CallerTerminal, findCallerTerminal } from './caller-terminal.js';
import { toEndStatus } from './session-end.js';
import { relaySession } from './session-relay.js';

/** What runs in a jail for the caller. */
export interface JailProgram {
  readonly jail: JailName;
  /** A user inside. */
  readonly user: string;
  /** Absent: a login shell. */
  readonly argv?: readonly string[];
  /** `needed` is a usage fault without a terminal of the caller's; `never` gives the program three pipes. */
  readonly terminal: 'needed' | 'when-there' | 'never';
}

/** Starts the jail if need be, runs the program in it and answers the program's own exit status (128 + N for a signal). */
export async function runInJail(context: CliContext, program: JailProgram): Promise<number> {
  const terminal = program.terminal === 'never' ? null : findCallerTerminal();
  if (terminal === null && program.terminal === 'needed') {
    throw new JaildError('usage', 'this needs a terminal; to run one program use "jailctl jail exec"');
  }
  const fd = await openSession(context, program, terminal);
  const end = await relaySession(fd, { stdin: 0, stdout: 1, stderr: 2, terminal });
  if (end.how === 'lost') context.output.say(`jail ${program.jail} has ended`);
  return toEndStatus(end);
}

async function openSession(
  context: CliContext,
  program: JailProgram,
  terminal: CallerTerminal | null,
): Promise<number> {
  const { jail, user, argv } = program;
  const question: Question<'admin-open-session'> = {
    jail,
    user,
    environment: toEnvironment(context, terminal !== null),
    ...(argv !== undefined && { argv: [...argv] }),
    ...(terminal !== null && {
      terminal: { term: context.streams.environment['TERM'] ?? 'dumb', ...terminal.size(), modes: [] },
    }),
  };
  const { answer, fds } = await context.door().ask('admin-open-session', question);
  const [fd, ...more] = fds;
  for (const extra of more) addon.close(extra);
  if (answer.outcome === 'refused') throw new JaildError('door-refused', answer.text);
  if (fd === undefined) throw new JaildError('door-malformed', 'the session came without its descriptor');
  return fd;
}

/** Language always, what describes the terminal only with one. */
function toEnvironment({ streams }: CliContext, hasTerminal: boolean): [string, string][] {
  return Object.entries(streams.environment).flatMap(([name, value]): [string, string][] => {
    const isOfTerminal = name === 'TERM' || name === 'COLORTERM';
    if (value === undefined || value === '' || (isOfTerminal && !hasTerminal)) return [];
    return [[name, Buffer.from(value, 'utf8').toString('base64')]];
  });
}
