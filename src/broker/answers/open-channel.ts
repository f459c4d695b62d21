import { constants } from 'node:os';
import { isJaildError } from '../../errors/jaild-error.js';
import type { JailEndpoint } from '../../privsep/jail-control-client.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import type { WorkerCall } from '../call.js';
import type { AuthenticatedConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';
import { inRunningJail } from '../enter-jail.js';
import { findJailOfLogin } from '../find-jail.js';
import { isPermitted } from '../login-policy.js';

type Call = WorkerCall<AuthenticatedConnection>;
type Refusal = { readonly outcome: 'refused'; readonly reason: 'prohibited' | 'failed'; readonly text: string };

const connectDeadlineMs = 10_000;
const insideUser = 'root';

/** A socket connected from inside the jail; the address that is judged is the one connected (the keeper does that). */
export async function answerOpenConnection(
  call: Call,
  question: ReadQuestion<'open-connection'>,
): Promise<Reply<'open-connection'>> {
  const { policy } = call.connection.account;
  const target = toTarget(question);
  if (target === null) return { answer: refuse(call, question, 'failed', 'There is no such address.') };
  const isAllowed =
    policy.forwarding &&
    (question.kind === 'unix'
      ? policy.permitOpen === undefined
      : isPermitted(policy.permitOpen, target.host ?? '', target.port ?? 0));
  if (!isAllowed) return { answer: refuse(call, question, 'prohibited', 'Forwarding there is not allowed.') };
  try {
    const { fd, address } = await inJail(call, (control) => control.connect(target, connectDeadlineMs));
    audit(call, 'forward.opened', question, { address });
    return { answer: { outcome: 'opened' }, fds: [fd] };
  } catch (error) {
    return { answer: refuseFault(call, question, error) };
  }
}

/** A socket listening inside the jail. */
export async function answerOpenListener(
  call: Call,
  question: ReadQuestion<'open-listener'>,
): Promise<Reply<'open-listener'>> {
  const { policy } = call.connection.account;
  const { kind, host = '', port = 0 } = question;
  const isAllowed =
    policy.forwarding &&
    (kind === 'unix'
      ? policy.permitListen === undefined
      : isPermitted(policy.permitListen, host === '' ? '*' : host, port));
  if (!isAllowed) return { answer: refuse(call, question, 'prohibited', 'Listening there is not allowed.') };
  try {
    const { fd, port: bound } = await inJail(call, (control) => control.listen({ ...question, user: insideUser }));
    audit(call, 'forward.opened', question, { listening: true, bound });
    return { answer: { outcome: 'opened', ...(kind === 'tcp' && { port: bound }) }, fds: [fd] };
  } catch (error) {
    return { answer: refuseFault(call, question, error) };
  }
}

type Control = Parameters<Parameters<typeof inRunningJail>[2]>[0]['control'];

async function inJail<Result>(
  { connection, context }: Call,
  work: (control: Control) => Promise<Result>,
): Promise<Result> {
  const jail = await findJailOfLogin(context, connection.account);
  if (jail === undefined) throw new Error('the jail of the login is gone');
  return await inRunningJail(context, jail, (running) => work(running.control));
}

function toTarget(question: ReadQuestion<'open-connection'>): JailEndpoint | null {
  const { kind, host, port, path } = question;
  if (kind === 'unix') return path === undefined || path === '' ? null : { kind, path, user: insideUser };
  return host === undefined || host === '' || port === undefined || port === 0
    ? null
    : { kind, host, port, user: insideUser };
}

function refuseFault(call: Call, question: ReadQuestion<'open-listener'>, error: unknown): Refusal {
  const isPolicy =
    isJaildError(error, 'keeper-failed') &&
    error.fields['step'] === 'policy' &&
    error.fields['errno'] === constants.errno.EACCES;
  if (isPolicy) return refuse(call, question, 'prohibited', 'Forwarding there is not allowed.');
  call.context.log.event('forward.refused', { ...idsOf(call), error });
  return refuse(call, question, 'failed', 'There is no answer there.');
}

function refuse(call: Call, question: ReadQuestion<'open-listener'>, reason: Refusal['reason'], text: string): Refusal {
  audit(call, 'forward.refused', question, { reason });
  return { outcome: 'refused', reason, text };
}

function idsOf({ connection }: Call): { connection: string; jail: string; account: string } {
  return {
    connection: connection.from.connectionId,
    jail: connection.account.jail,
    account: connection.account.account,
  };
}

function audit(
  call: Call,
  event: 'forward.opened' | 'forward.refused',
  { kind, host, port, path }: ReadQuestion<'open-listener'>,
  facts: Readonly<Record<string, string | number | boolean>>,
): void {
  call.context.audit.record(event, { ...idsOf(call), kind, ...facts, untrusted: { host, port, path } });
}
