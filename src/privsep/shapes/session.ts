import { z } from 'zod';
import { bytes, identifier, port, refused, text, whole } from './values.js';

const terminalSide = whole(0, 65_535);

/** Terminal of a session; modes are the opcodes of RFC 4254 section 8 with their values. */
const terminal = z.strictObject({
  term: text(64),
  columns: terminalSide,
  rows: terminalSide,
  widthPixels: terminalSide,
  heightPixels: terminalSide,
  modes: z.array(z.tuple([whole(1, 159), whole(0, 2 ** 32 - 1)])).max(160),
});

/** A variable that already passed the worker's allow-list; the broker applies the list again. */
const environment = z.array(z.tuple([text(128, 1), bytes(32_768)])).max(64);

const sessionBase = { terminal: terminal.optional(), environment };

/** What runs. The bytes of a command go to the shell of the jail as they are (no NUL). */
export const openSession = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('shell'), ...sessionBase }),
  z.strictObject({ kind: z.literal('exec'), command: bytes(262_144), ...sessionBase }),
  z.strictObject({ kind: z.literal('subsystem'), subsystem: text(64, 1), ...sessionBase }),
]);

/** The descriptor is the session socket. */
export const sessionOpened = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('opened'), sessionId: identifier }),
  refused,
]);

/** Where a forwarded connection goes, seen from inside the jail. */
const endpoint = {
  host: text(255).optional(),
  port: port.optional(),
  path: text(107).optional(),
};

export const openConnection = z.strictObject({
  kind: z.enum(['tcp', 'unix']),
  ...endpoint,
  originHost: text(255),
  originPort: port,
});

const channelRefused = z.strictObject({
  outcome: z.literal('refused'),
  reason: z.enum(['prohibited', 'failed']),
  text: text(1000),
});

/** The descriptor is the connected socket. */
export const connectionOpened = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('opened') }),
  channelRefused,
]);

export const openListener = z.strictObject({ kind: z.enum(['tcp', 'unix']), ...endpoint });

/** The descriptor is the listening socket; `port` is the one bound. */
export const listenerOpened = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('opened'), port: port.optional() }),
  channelRefused,
]);

/** jailctl jail enter and exec: as `user` inside; neither command nor argv means a login shell. */
export const adminOpenSession = z.strictObject({
  jail: identifier,
  user: text(64, 1),
  command: bytes(262_144).optional(),
  argv: z.array(text(65_536)).max(512).optional(),
  terminal: terminal.optional(),
  environment,
});
