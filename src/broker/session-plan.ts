import type { ReadQuestion } from '../privsep/request-table.js';
import type { AuthenticatedConnection } from './connection.js';
import type { EnterPlan } from './enter-jail.js';

type Question = ReadQuestion<'open-session'>;
type Variable = readonly [name: string, value: Buffer];

export type PlannedSession =
  | { readonly outcome: 'planned'; readonly plan: EnterPlan }
  | { readonly outcome: 'refused'; readonly code: string; readonly text: string };

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const termPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$/;
const sftpServer = { name: 'sftp-server', argv: [] };

/** Who sessions run as inside: the jail is the user's own machine. */
const insideUser = 'root';

/** What the keeper is to run for a question, under the policy of the login. Pure. */
export function planSession(
  question: Question,
  connection: AuthenticatedConnection,
  acceptEnv: readonly string[],
): PlannedSession {
  const { policy } = connection.account;
  const { terminal } = question;
  if (terminal !== undefined && !policy.terminal) return refused('no-terminal', 'This key may not open a terminal.');
  if (question.kind === 'subsystem' && question.subsystem !== 'sftp' && policy.command === undefined) {
    return refused('unknown-subsystem', 'There is no such subsystem.');
  }
  if (question.kind === 'exec' && question.command.includes(0))
    return refused('bad-command', 'The command holds a NUL byte.');
  const environment = planEnvironment(question, connection, acceptEnv);
  const base = { user: insideUser, environment, ...(terminal !== undefined && { terminal: toTerminal(terminal) }) };
  return { outcome: 'planned', plan: { ...base, ...planProgram(question, policy.command) } };
}

function refused(code: string, text: string): PlannedSession {
  return { outcome: 'refused', code, text };
}

function planProgram(question: Question, forced: string | undefined): Pick<EnterPlan, 'login' | 'command' | 'toolbox'> {
  if (forced === 'internal-sftp' || (forced === undefined && question.kind === 'subsystem'))
    return { login: false, toolbox: sftpServer };
  if (forced !== undefined) return { login: false, command: Buffer.from(forced, 'utf8') };
  return question.kind === 'exec' ? { login: false, command: question.command } : { login: true };
}

function toTerminal(terminal: NonNullable<Question['terminal']>): NonNullable<EnterPlan['terminal']> {
  const { columns, rows, widthPixels, heightPixels, modes } = terminal;
  return { columns, rows, widthPixels, heightPixels, modes };
}

/** The client's variables by the allow-list, then the key's own, then ours; a later one replaces an earlier one of its name. */
function planEnvironment(
  question: Question,
  { account, from }: AuthenticatedConnection,
  acceptEnv: readonly string[],
): Variable[] {
  const patterns = acceptEnv.map(toPattern);
  const variables = new Map<string, Buffer>();
  for (const [name, value] of question.environment) {
    if (namePattern.test(name) && !value.includes(0) && patterns.some((pattern) => pattern.test(name)))
      variables.set(name, value);
  }
  const text = (name: string, value: string): unknown => variables.set(name, Buffer.from(value, 'utf8'));
  for (const [name, value] of account.policy.environment) text(name, value);
  if (question.terminal !== undefined)
    text('TERM', termPattern.test(question.terminal.term) ? question.terminal.term : 'dumb');
  if (account.policy.command !== undefined) {
    if (question.kind === 'exec') variables.set('SSH_ORIGINAL_COMMAND', question.command);
    if (question.kind === 'subsystem') text('SSH_ORIGINAL_COMMAND', question.subsystem);
  }
  text('SSH_CONNECTION', `${from.source} ${from.sourcePort} ${from.local} ${from.localPort}`);
  text('SSH_CLIENT', `${from.source} ${from.sourcePort} ${from.localPort}`);
  return [...variables];
}

function toPattern(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/\*+/g, '.*').replace(/\?/g, '.')}$`);
}
