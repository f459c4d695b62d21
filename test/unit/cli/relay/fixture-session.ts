import { addon } from '../../../../src/base/addon.js';
import type { CallerTerminal } from '../../../../src/cli/relay/caller-terminal.js';
import type { SessionEnd } from '../../../../src/cli/relay/session-end.js';
import { relaySession } from '../../../../src/cli/relay/session-relay.js';
import type { Field } from '../../../../src/privsep/fields.js';
import { FieldsSocket } from '../../../../src/privsep/fields-socket.js';
import { until } from '../../../support/until.js';

interface Ends {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** A relay between a caller and a program: both, and the keeper, are played by the test. Stream sockets stand for pipes. */
export interface FixtureSession {
  readonly program: Ends;
  readonly caller: Ends;
  readonly ended: Promise<SessionEnd>;
  /** What the relay asked its keeper for, as `resize 80 24` or `signal INT`. */
  readonly asked: readonly string[];
  /** Sends an event as the keeper does; its descriptors are given away. */
  tell(fields: readonly Field[], fds?: readonly number[]): void;
  /** The program has started: with these descriptors, by default its three pipes. */
  start(fds?: readonly number[]): void;
  /** The keeper goes away. */
  vanish(): void;
  /** Closes one of the ends above; a second call is harmless. */
  close(fd: number): void;
  release(): void;
}

export function openFixture(terminal: CallerTerminal | null = null): FixtureSession {
  const [socket, keeperEnd] = addon.socketPair('seqpacket');
  const outer = [addon.socketPair('stream'), addon.socketPair('stream'), addon.socketPair('stream')] as const;
  const inner = [addon.socketPair('stream'), addon.socketPair('stream'), addon.socketPair('stream')] as const;
  const open = new Set([...outer.flat(), ...inner.flat()]);
  const asked: string[] = [];
  const keeper = new FieldsSocket(keeperEnd, {
    message: ({ fields }) => {
      const words = ['op', 'cols', 'rows', 'name'].map((name) => fields.text(name));
      asked.push(words.filter((word) => word !== undefined).join(' '));
    },
    closed: () => asked.push('hang-up'),
  });
  const close = (fd: number): void => {
    if (open.delete(fd)) addon.close(fd);
  };
  const tell = (fields: readonly Field[], fds: readonly number[] = []): void => {
    for (const fd of fds) open.delete(fd);
    keeper.send(fields, fds);
  };
  return {
    program: { stdin: inner[0][1], stdout: inner[1][1], stderr: inner[2][1] },
    caller: { stdin: outer[0][1], stdout: outer[1][1], stderr: outer[2][1] },
    ended: relaySession(socket, { stdin: outer[0][0], stdout: outer[1][0], stderr: outer[2][0], terminal }),
    asked,
    tell,
    start: (fds = inner.map(([near]) => near)) =>
      tell(
        [
          ['ev', 'started'],
          ['pid', 1],
        ],
        fds,
      ),
    vanish: () => keeper.close(),
    close,
    release: () => {
      keeper.close();
      for (const fd of [...open]) close(fd);
    },
  };
}

/** Reads until the text is there; what came before it counts. */
export async function readUntil(fd: number, text: string): Promise<string> {
  let seen = '';
  return await until(`reading "${text}"`, 5_000, () => {
    seen += addon.read(fd, 65_536)?.toString('latin1') ?? '';
    return seen.includes(text) ? seen : undefined;
  });
}

/** Waits for the end of a stream. */
export async function readEnd(fd: number): Promise<void> {
  await until('the end of the stream', 5_000, () => addon.read(fd, 65_536)?.length === 0);
}
