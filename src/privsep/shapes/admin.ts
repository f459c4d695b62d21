import { z } from 'zod';
import { address, counter, identifier, milliseconds, port, text } from './values.js';

export const statusAnswer = z.strictObject({
  version: text(64),
  pid: counter,
  startedMs: counter,
  keeper: z.enum(['connected', 'unreachable']),
  listener: z.enum(['connected', 'absent']),
  workers: counter,
  connections: counter,
  sessions: counter,
  jailsRunning: counter,
  draining: z.boolean(),
});

const jailRow = z.strictObject({
  name: identifier,
  account: text(64),
  template: text(128),
  state: z.enum(['creating', 'created', 'running', 'stopped', 'damaged']),
  address: text(64),
  sessions: counter,
  startedMs: counter.nullable(),
  initPid: counter.nullable(),
  ended: text(64),
});

const sessionRow = z.strictObject({
  sessionId: identifier,
  jail: identifier,
  account: text(64),
  user: text(64),
  kind: text(16),
  terminal: z.boolean(),
  startedMs: counter,
  connectionId: text(64),
  source: address,
});

const accountRow = z.strictObject({
  name: identifier,
  owner: text(64),
  locked: z.boolean(),
  jails: z.array(identifier),
});

const connectionRow = z.strictObject({
  connectionId: identifier,
  source: address,
  sourcePort: port,
  account: text(64),
  jail: text(64),
  phase: z.enum(['before-login', 'after-login']),
  openedMs: counter,
});

export const list = z.strictObject({ noun: z.enum(['jails', 'sessions', 'accounts', 'connections']) });

export const listed = z.discriminatedUnion('noun', [
  z.strictObject({ noun: z.literal('jails'), rows: z.array(jailRow) }),
  z.strictObject({ noun: z.literal('sessions'), rows: z.array(sessionRow) }),
  z.strictObject({ noun: z.literal('accounts'), rows: z.array(accountRow) }),
  z.strictObject({ noun: z.literal('connections'), rows: z.array(connectionRow) }),
]);

export const show = z.strictObject({ noun: z.enum(['jail', 'account', 'session', 'connection']), name: identifier });

/** `processes` and `restarts` only while the jail runs. */
export const shown = z.discriminatedUnion('noun', [
  z.strictObject({
    noun: z.literal('jail'),
    row: jailRow,
    processes: counter.nullable(),
    restarts: counter.nullable(),
  }),
  z.strictObject({ noun: z.literal('account'), row: accountRow }),
  z.strictObject({ noun: z.literal('session'), row: sessionRow }),
  z.strictObject({ noun: z.literal('connection'), row: connectionRow }),
]);

export const start = z.strictObject({ jail: identifier });
export const started = z.strictObject({ outcome: z.enum(['started', 'already-running']), initPid: counter });

export const stop = z.strictObject({ jail: identifier, deadlineMs: milliseconds.optional() });
export const stopped = z.strictObject({ outcome: z.enum(['stopped', 'not-running']) });

/** Exactly one of the three. */
export const kill = z.union([
  z.strictObject({ session: identifier, signal: text(16).optional() }),
  z.strictObject({ connection: identifier }),
  z.strictObject({ jail: identifier }),
]);
