import { type EventName, events } from '../log/events.js';
import type { LogIds } from '../log/log.js';
import type { UntrustedFields } from '../log/untrusted-fields.js';

/** One line of a worker's log, taken apart: only ids of our own making and the name of a listed event are believed. */
export interface WorkerLine {
  readonly event: EventName;
  readonly ids: LogIds;
  readonly untrusted: UntrustedFields;
}

/** Events that are a worker's to report; any other name would be a forgery. */
const workerEvents: readonly EventName[] = [
  'worker.ready',
  'worker.check-failed',
  'worker.degraded',
  'worker.drained',
  'connection.ended',
  'session.failed',
  'forward.refused',
  'fault.caught',
  'log.suppressed',
];

const ownKeys = new Set(['level', 'time', 'role', 'pid', 'event', 'message', 'connection', 'session', 'untrusted']);

/** Reads a line; text that is no log line of ours becomes `worker.said`. */
export function parseWorkerLine(line: string): WorkerLine {
  const fields = parseObject(line);
  const event = workerEvents.find((name) => name === fields?.['event'] && Object.hasOwn(events, name));
  if (fields === null || event === undefined) return { event: 'worker.said', ids: {}, untrusted: { line } };
  const connection = readId(fields['connection']);
  const session = readId(fields['session']);
  const rest = Object.entries(fields).filter(([name]) => !ownKeys.has(name));
  const foreign = fields['untrusted'];
  const all = foreign !== null && typeof foreign === 'object' ? [...rest, ...Object.entries(foreign)] : rest;
  return {
    event,
    ids: { ...(connection !== undefined && { connection }), ...(session !== undefined && { session }) },
    untrusted: Object.fromEntries(
      all.filter(([name]) => /^[a-zA-Z]{1,32}$/.test(name)).map(([name, value]) => [name, toScalar(value)]),
    ),
  };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // expected: a crash report of node, or anything that a taken-over worker makes up
  }
}

function readId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{1,32}$/.test(value) ? value : undefined;
}

function toScalar(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
    return value;
  return JSON.stringify(value);
}
