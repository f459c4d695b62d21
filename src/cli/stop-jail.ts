import type { JailName } from '../base/brands.js';
import type { CliContext } from './context.js';

/** Slack for the answer, on top of the time the jail's processes have. */
const answerMs = 60_000;

/** Stops a jail through the broker. */
export async function stopJail(
  context: CliContext,
  jail: JailName,
  deadlineMs = context.config.jails.stopTimeMs,
): Promise<'stopped' | 'not-running'> {
  const { answer } = await context.door().ask('stop', { jail, deadlineMs }, deadlineMs + answerMs);
  return answer.outcome;
}
