import { message } from './messages.js';
import type { LibraryMessageHandler } from './protocol-types.js';

/** Messages that the library's transport keeps: its own parsers of these are sound. */
const kept: readonly number[] = [message.disconnect, message.ignore, message.unimplemented, message.debug, 20];

const receive: LibraryMessageHandler = (protocol, payload) => {
  protocol._handlers.receive?.(payload);
};

/**
 * Gives every message above the transport to the connection as raw bytes. The library's own parsers decode commands, variables
 * and user names as UTF-8, start terminal modes one byte late, size arrays by a number from the wire, and have no slot at all for
 * unknown messages, which RFC 4253 section 11.4 wants answered.
 */
export function takeOverMessages(table: (LibraryMessageHandler | undefined)[]): void {
  for (let type = 0; type < 256; type += 1) {
    if (!kept.includes(type)) table[type] = receive;
  }
}

/** True when the table is as `takeOverMessages` leaves it. */
export function areMessagesTakenOver(table: readonly (LibraryMessageHandler | undefined)[]): boolean {
  return (
    table.length === 256 &&
    table.every((handler, type) =>
      kept.includes(type) ? typeof handler === 'function' && handler !== receive : handler === receive,
    )
  );
}
