import { JaildError } from '../../errors/jaild-error.js';
import type { ReadQuestion } from '../../privsep/request-table.js';
import { auditAct } from '../audit-act.js';
import type { AdminCall } from '../call.js';
import type { Reply } from '../dispatch.js';
import { enterJail } from '../enter-jail.js';
import { requireJail } from '../visible.js';

/** jailctl jail enter and exec. The caller relays between the near ends and their own terminal. */
export async function answerAdminOpenSession(
  call: AdminCall,
  question: ReadQuestion<'admin-open-session'>,
): Promise<Reply<'admin-open-session'>> {
  const { context, peer } = call;
  const { argv, command, environment, terminal, user } = question;
  if (argv !== undefined && command !== undefined)
    throw new JaildError('usage', 'give a command or arguments, not both');
  const jail = await requireJail(context, peer, question.jail, 'act');
  const plan = {
    user,
    login: argv === undefined && command === undefined,
    environment: environment.filter(([name, value]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !value.includes(0)),
    ...(argv !== undefined && argv.length > 0 && { argv }),
    ...(command !== undefined && { command }),
    ...(terminal !== undefined && { terminal }),
  };
  const { sessionId, fd } = await enterJail(context, jail, plan, {
    account: jail.account,
    kind: 'admin',
    connectionId: '',
    source: '',
  });
  auditAct(call, 'enter', { jail: jail.name, session: sessionId });
  return { answer: { outcome: 'opened', sessionId }, fds: [fd] };
}
