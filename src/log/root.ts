import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import { Log } from './log.js';
import { NoiseGate } from './noise-gate.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Which process a line comes from. */
export type RoleName = 'supervisor' | 'listener' | 'broker' | 'worker' | 'cli';

/** Keys whose values never reach a log, at the top and one level down. */
const secretKeys = [
  'password',
  'newPassword',
  'passphrase',
  'secret',
  'resumeSecret',
  'cookie',
  'signature',
  'hash',
  'privateKey',
  'key',
];

const noiseBurst = 50;
const noiseIntervalMs = 10_000;

/**
 * The logger of a process: JSON lines (time in ISO 8601, level, role, pid) on `fd` (stderr) or into `stream` (tests).
 * Lines are written before the call returns. A reader that is gone or a full disk costs lines, never the process; the number of lost
 * lines is logged when writing works again.
 */
export function rootLogger(options: {
  role: RoleName;
  level?: LogLevel;
  fd?: number;
  stream?: DestinationStream;
}): Log {
  const target = options.stream ?? fileTarget(options.fd ?? 2);
  const writer = pino(
    {
      level: options.level ?? 'info',
      base: { role: options.role, pid: process.pid },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    target,
  );
  const gate = new NoiseGate({
    burst: noiseBurst,
    intervalMs: noiseIntervalMs,
    onSuppressed: (counts) => writer.info({ event: 'log.suppressed', counts }, 'log.suppressed'),
  });
  return new Log(writer, gate);
}

function fileTarget(fd: number): DestinationStream {
  const file = destination({ fd, sync: true });
  file.on('error', () => {
    // expected: EPIPE, ENOSPC, EIO; there is no other place to report it to
  });
  return file;
}
