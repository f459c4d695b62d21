import { Writable } from 'node:stream';
import type { Log } from '../../../src/log/log.js';
import { rootLogger } from '../../../src/log/root.js';

/** A real logger whose lines are kept instead of printed. */
export function keepingLog(): { log: Log; lines: () => Record<string, unknown>[] } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const log = rootLogger({ role: 'broker', level: 'debug', stream });
  return {
    log,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
