import type { Channel } from './channel.js';

/** Says one plain line to the user of a session: on stderr, or on a terminal's screen. */
export function tellUser(channel: Channel, text: string, hasTerminal: boolean): void {
  const line = Buffer.from(`jaild: ${text}${hasTerminal ? '\r\n' : '\n'}`, 'utf8');
  const room = channel.room();
  if (room > 0) channel.sendData(line.subarray(0, room), !hasTerminal);
}
