import { addon } from '../base/addon.js';

/** Why the listener ends a connection by itself, with what the user reads (RFC 4253 section 11.1: code and text). */
export const refusals = {
  'too-many-startups': { code: 12, text: 'Too many connections are logging in at the moment. Please try again later.' },
  'too-many-from-you': { code: 12, text: 'Too many connections from your address. Please try again later.' },
  'too-many-connections': { code: 12, text: 'Too many connections. Please try again later.' },
  'not-ssh-2': { code: 8, text: 'Only the SSH protocol, version 2.0, is spoken here.' },
  unavailable: { code: 7, text: 'The service is not available at the moment. Please try again later.' },
  stopping: { code: 11, text: 'The server is stopping.' },
} as const satisfies Record<string, { code: number; text: string }>;

export type RefusalReason = keyof typeof refusals;

const maxLingering = 128;
const lingerMs = 1000;
const drainBytes = 16 * 1024;
let lingering = 0;

/** One unencrypted SSH_MSG_DISCONNECT: what every client shows, before keys are exchanged. */
export function buildDisconnect(reason: RefusalReason): Buffer {
  const text = Buffer.from(`${refusals[reason].text} [${reason}]`, 'utf8');
  const payload = Buffer.alloc(1 + 4 + 4 + text.length + 4);
  payload.writeUInt8(1, 0);
  payload.writeUInt32BE(refusals[reason].code, 1);
  payload.writeUInt32BE(text.length, 5);
  text.copy(payload, 9);
  const fill = 8 - ((payload.length + 5) % 8);
  const padding = fill < 4 ? fill + 8 : fill; // RFC 4253 section 6: at least 4, the whole a multiple of 8
  const packet = Buffer.alloc(5 + payload.length + padding);
  packet.writeUInt32BE(1 + payload.length + padding, 0);
  packet.writeUInt8(padding, 4);
  payload.copy(packet, 5);
  return packet;
}

/**
 * Says why and closes `fd`. `greeting` is our identification line when the client has not got it yet.
 * A client that does not speak SSH gets the line as plain text. The socket stays for up to a second, because closing it with unread
 * bytes would make the kernel take the message back; of such sockets there are at most 128.
 */
export function refuse(
  fd: number,
  reason: RefusalReason,
  options: { greeting?: string; speaksSsh?: boolean } = {},
): void {
  const { greeting = '', speaksSsh = true } = options;
  const last = speaksSsh ? buildDisconnect(reason) : Buffer.from(`${refusals[reason].text} [${reason}]\r\n`);
  if (!trySend(fd, Buffer.concat([Buffer.from(greeting, 'latin1'), last])) || lingering >= maxLingering) {
    addon.close(fd);
    return;
  }
  lingerThenClose(fd);
}

/** Sends a few bytes into a fresh socket; false when it cannot be reached. */
export function trySend(fd: number, data: Buffer): boolean {
  try {
    return addon.send(fd, data) === data.length;
  } catch {
    return false; // expected: EPIPE, ECONNRESET; EPERM of a firewall. Nothing more can be said to this client.
  }
}

function lingerThenClose(fd: number): void {
  lingering += 1;
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    lingering -= 1;
    clearTimeout(timer);
    watch.close();
    addon.close(fd);
  };
  const timer = setTimeout(close, lingerMs);
  const watch = addon.watch(fd, { readable: true }, () => {
    try {
      if (addon.read(fd, drainBytes)?.length === 0) close();
    } catch {
      close(); // expected: ECONNRESET
    }
  });
}
