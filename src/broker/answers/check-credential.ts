import type { Answer, ReadQuestion } from '../../privsep/request-table.js';
import type { Judgement } from '../authenticate.js';
import type { WorkerCall } from '../call.js';
import type { AnonymousConnection } from '../connection.js';
import type { Reply } from '../dispatch.js';
import { toWorkerPolicy } from '../login-policy.js';

type Call = WorkerCall<AnonymousConnection>;

export async function answerCheckPublicKey(
  call: Call,
  question: ReadQuestion<'check-publickey'>,
): Promise<Reply<'check-publickey'>> {
  return {
    answer: await judge(call, 'check-publickey', () =>
      call.context.authenticator.checkPublicKey(call.connection, question),
    ),
  };
}

export async function answerCheckPassword(
  call: Call,
  question: ReadQuestion<'check-password'>,
): Promise<Reply<'check-password'>> {
  return {
    answer: await judge(call, 'check-password', () =>
      call.context.authenticator.checkPassword(call.connection, question),
    ),
  };
}

/** One credential at a time, after a key exchange, within the tries: an honest worker asks so. A success moves the connection on. */
async function judge(
  { context, connection, door }: Call,
  request: string,
  check: () => Promise<Judgement>,
): Promise<Answer<'check-password'>> {
  if (connection.isJudging) return door.violate('two credentials at a time', request);
  if (connection.exchange.sessionId === null) return door.violate('a credential before the key exchange', request);
  if (connection.tries >= context.config().auth.maxTries) return door.violate('a try too many', request);
  connection.isJudging = true;
  try {
    const judgement = await check();
    if (judgement.outcome === 'other') return judgement.verdict;
    const { account } = judgement;
    const resumeSecret = await context.resume.remember(await door.login(account));
    return {
      outcome: 'accepted',
      account: account.account,
      jail: account.jail,
      resumeSecret,
      policy: toWorkerPolicy(account.policy),
    };
  } finally {
    connection.isJudging = false;
  }
}
