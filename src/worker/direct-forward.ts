import { addon } from '../base/addon.js';
import type { Log } from '../log/log.js';
import type { ChannelOpener, OpenRequest } from './channel-opener.js';
import type { ChannelTable } from './channel-table.js';
import type { ConnectionDoor } from './connection-door.js';
import type { parseTarget } from './forward-target.js';
import { SocketPump } from './socket-pump.js';
import { type OpenFailure, openFailure } from './ssh2/messages.js';

export interface DirectForwardContext {
  readonly door: ConnectionDoor;
  readonly log: Log;
  readonly channels: ChannelTable;
  readonly opener: ChannelOpener;
  /** The connection has ended: there is nobody to answer. */
  readonly isOver: () => boolean;
}

type Target = NonNullable<ReturnType<typeof parseTarget>>;

/** Has a socket connected inside the jail and puts it behind the channel that was asked for. Never throws. */
export async function openDirectForward(
  context: DirectForwardContext,
  request: OpenRequest,
  localId: number,
  target: Target,
): Promise<void> {
  const outcome = await connect(context, target);
  const { channels, opener, isOver } = context;
  if ('fd' in outcome) {
    if (isOver()) addon.close(outcome.fd);
    else new SocketPump(outcome.fd, opener.confirm(request, localId));
    return;
  }
  channels.release(localId);
  opener.refuse(request, outcome.reason, outcome.text);
}

async function connect(
  { door, log }: DirectForwardContext,
  target: Target,
): Promise<{ readonly fd: number } | { readonly reason: OpenFailure; readonly text: string }> {
  try {
    const { answer, fds } = await door.ask('open-connection', target);
    const [fd] = fds;
    if (answer.outcome === 'opened' && fd !== undefined) return { fd };
    if (answer.outcome === 'refused' && answer.reason === 'prohibited') {
      return { reason: openFailure.administrativelyProhibited, text: answer.text };
    }
    return { reason: openFailure.connectFailed, text: answer.outcome === 'refused' ? answer.text : 'no socket came' };
  } catch (error) {
    log.event('forward.refused', { error }); // expected: the door is closed or late
    return { reason: openFailure.connectFailed, text: 'the connection failed' };
  }
}
