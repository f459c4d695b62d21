import type { z } from 'zod';
import * as admin from './shapes/admin.js';
import * as listener from './shapes/listener.js';
import * as login from './shapes/login.js';
import * as session from './shapes/session.js';
import { empty } from './shapes/values.js';

/**
 * Who asks. `listener` and `worker` follow from the socket a peer sits on. The other three are the rights of a peer of the
 * admin socket: admin (may do all), read-only (may look at all), owner (may act on accounts and jails that name them as owner).
 */
export type Role = 'listener' | 'worker' | 'admin' | 'owner' | 'read-only';

/** Where a door connection stands: `standing` = listener and admin sockets, `resuming` = a resume connection before its proof. */
export type Phase = 'standing' | 'resuming' | 'before-login' | 'after-login';

/** One row: the whole permission of one request. */
export interface RequestRow {
  readonly who: readonly Role[];
  readonly phases: readonly Phase[];
  /** At most one question of this name on one door connection. */
  readonly once: boolean;
  readonly question: z.ZodType;
  readonly answer: z.ZodType;
  /** Descriptors that go with a good answer. */
  readonly answerFds: 0 | 1;
  readonly maxQuestionBytes: number;
  /** After this time the broker answers for itself with the error `door-timeout`. */
  readonly deadlineMs: number;
  /** One sentence for docs/door.md. */
  readonly purpose: string;
}

const L: readonly Role[] = ['listener'];
const W: readonly Role[] = ['worker'];
const any: readonly Role[] = ['admin', 'read-only', 'owner'];
const act: readonly Role[] = ['admin', 'owner'];
const adm: readonly Role[] = ['admin'];
const live: readonly Phase[] = ['before-login', 'after-login'];
const before: readonly Phase[] = ['before-login'];
const after: readonly Phase[] = ['after-login'];
const still: readonly Phase[] = ['standing'];
const resuming: readonly Phase[] = ['resuming'];
const KiB = 1024;

function row<Q extends z.ZodType, A extends z.ZodType>(
  purpose: string,
  who: readonly Role[],
  phases: readonly Phase[],
  question: Q,
  answer: A,
  limits: { readonly max?: number; readonly deadlineMs?: number; readonly once?: boolean; readonly fds?: 0 | 1 } = {},
) {
  return {
    purpose,
    who,
    phases,
    question,
    answer,
    once: limits.once ?? false,
    answerFds: limits.fds ?? 0,
    maxQuestionBytes: limits.max ?? KiB,
    deadlineMs: limits.deadlineMs ?? 5_000,
  } satisfies RequestRow;
}

/** THE policy of the broker: what is not a row here cannot be asked. docs/door.md is generated from it. */
export const requestTable = {
  // A worker, one door connection per SSH connection.
  begin: row('first question of a connection', W, before, empty, login.beginAnswer, { once: true }),
  'sign-exchange': row(
    'host key signature over an exchange hash that the broker computes',
    W,
    live,
    login.exchange,
    login.signature,
    { max: 128 * KiB },
  ),
  'check-publickey': row('judges a public key, with its signature a login', W, before, login.publicKey, login.verdict, {
    max: 64 * KiB,
    deadlineMs: 30_000,
  }),
  'check-password': row('judges a password', W, before, login.password, login.verdict, {
    max: 96 * KiB,
    deadlineMs: 30_000,
  }),
  'open-session': row(
    'shell, exec or subsystem in the jail of this login',
    W,
    after,
    session.openSession,
    session.sessionOpened,
    { max: 448 * KiB, deadlineMs: 90_000, fds: 1 },
  ),
  'open-connection': row(
    'socket connected inside the network of the jail',
    W,
    after,
    session.openConnection,
    session.connectionOpened,
    { max: 4 * KiB, deadlineMs: 30_000, fds: 1 },
  ),
  'open-listener': row(
    'socket listening inside the network of the jail',
    W,
    after,
    session.openListener,
    session.listenerOpened,
    { max: 4 * KiB, deadlineMs: 10_000, fds: 1 },
  ),
  resume: row('restores a login after a restart of the broker', W, resuming, login.resume, login.resumed, {
    once: true,
  }),
  end: row('last word of a connection, with its counts', W, live, login.end, empty, { once: true }),
  // The listener.
  'open-door': row('door connection for one accepted socket', L, still, listener.openDoor, listener.doorOpened, {
    fds: 1,
  }),
  'start-worker': row('one more worker process', L, still, empty, listener.workerStarted, {
    fds: 1,
    deadlineMs: 10_000,
  }),
  'kill-worker': row('ends a worker that hangs', L, still, listener.killWorker, empty),
  configuration: row('settings of listener and workers', L, still, empty, listener.listenerSettings),
  // jailctl and other local clients of the admin socket.
  status: row('state of the server', any, still, empty, admin.statusAnswer),
  list: row('rows of one kind; an owner sees their own', any, still, admin.list, admin.listed, { deadlineMs: 30_000 }),
  show: row('one row with details; absent and forbidden answer alike', any, still, admin.show, admin.shown),
  watch: row('subscribes to events; an owner sees their own', any, still, empty, empty, { once: true }),
  start: row('starts a jail', act, still, admin.start, admin.started, { deadlineMs: 60_000 }),
  stop: row('stops a jail', act, still, admin.stop, admin.stopped, { deadlineMs: 180_000 }),
  kill: row('ends a session, a connection or a jail at once', act, still, admin.kill, empty, { deadlineMs: 30_000 }),
  'admin-open-session': row('enter or exec in a jail', act, still, session.adminOpenSession, session.sessionOpened, {
    max: 448 * KiB,
    deadlineMs: 90_000,
    fds: 1,
  }),
  reload: row('reads the configuration again', adm, still, empty, empty),
  drain: row('no new connections; ends when the last one has gone', adm, still, empty, empty),
} as const satisfies Record<string, RequestRow>;

export type RequestName = keyof typeof requestTable;
/** A question as the asker writes it (bytes as base64). */
export type Question<N extends RequestName> = z.input<(typeof requestTable)[N]['question']>;
/** A question as the broker reads it (bytes as Buffer). */
export type ReadQuestion<N extends RequestName> = z.output<(typeof requestTable)[N]['question']>;
export type Answer<N extends RequestName> = z.output<(typeof requestTable)[N]['answer']>;

/** True for a name that is a row of the table (own keys only: `constructor` is none). */
export function isRequestName(name: unknown): name is RequestName {
  return typeof name === 'string' && Object.hasOwn(requestTable, name);
}

/** The largest frame that a peer of this role may send in this phase. */
export function largestQuestionBytes(roles: readonly Role[], phase: Phase): number {
  const rows: readonly RequestRow[] = Object.values(requestTable);
  return rows
    .filter((entry) => entry.phases.includes(phase) && entry.who.some((role) => roles.includes(role)))
    .reduce((largest, entry) => Math.max(largest, entry.maxQuestionBytes), 0);
}
