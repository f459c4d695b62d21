import type { JailName } from '../base/brands.js';
import { confirm } from './confirm.js';
import type { CliContext } from './context.js';
import { canAsk } from './terminal.js';

/** Asks before sessions are cut off, when there are some and somebody is there to answer. Nothing is lost by it, so scripts need no `--yes`. */
export async function confirmInterruption(
  context: CliContext,
  jail: JailName,
  act: 'Stop' | 'Restart',
  isGiven: boolean,
): Promise<void> {
  if (isGiven || !canAsk(context.streams)) return;
  const { answer } = await context.door().ask('show', { noun: 'jail', name: jail });
  const sessions = answer.noun === 'jail' ? answer.row.sessions : 0;
  if (sessions > 0)
    await confirm(
      context.streams,
      `${act} jail ${jail}? ${sessions === 1 ? 'A session ends' : `${sessions} sessions end`}.`,
      false,
    );
}
