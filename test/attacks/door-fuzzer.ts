/**
 * A process with the listener's or another uid that speaks to a door socket as a stolen listener or worker would.
 * Run by door.test.ts with the uid to act as: node door-fuzzer.js CASE SOCKET. Prints one JSON line.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { addon } from '../../src/base/addon.js';

const [kind = '', socketPath = ''] = process.argv.slice(2);

function frame(value: unknown): Buffer {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** What comes back on a door within the time: text of the frames, whether it was closed, descriptors that came. */
async function exchange(
  fd: number,
  bytes: Buffer,
  fds: number[] = [],
): Promise<{ text: string; closed: boolean; fds: number[] }> {
  let text = '';
  const received: number[] = [];
  try {
    addon.send(fd, bytes, fds);
    for (let look = 0; look < 50; look += 1) {
      const got = addon.recv(fd, 65_536, 8);
      if (got !== null) {
        received.push(...got.fds);
        if (got.data.length === 0) {
          return { text, closed: true, fds: received };
        }
        text += got.data.toString('latin1');
      }
      await pause(10);
    }
  } catch {
    return { text, closed: true, fds: received }; // expected: EPIPE, ECONNRESET
  }
  return { text, closed: false, fds: received };
}

function connect(): number {
  return addon.connectUnix(socketPath, 'stream');
}

/** A worker's door, as the listener gets it for a connection. */
async function openDoor(): Promise<number> {
  const listener = connect();
  const request = {
    v: 1,
    id: 1,
    request: 'open-door',
    source: '127.0.0.7',
    sourcePort: 1,
    local: '127.0.0.1',
    localPort: 22,
  };
  const { fds, text } = await exchange(listener, frame(request));
  const [door] = fds;
  if (door === undefined) {
    throw new Error(`no door: ${text}`);
  }
  return door;
}

const session = {
  v: 1,
  id: 2,
  request: 'open-session',
  kind: 'exec',
  command: Buffer.from('id').toString('base64'),
  environment: [],
};

const malformed: Readonly<Record<string, Buffer>> = {
  'a length of 4 GiB': Buffer.from([255, 255, 255, 255, 1, 2, 3]),
  'a length of zero': Buffer.alloc(4),
  'no JSON': frame('{nope'),
  'no object': frame('[1,2]'),
  'bytes that are no UTF-8': frame(Buffer.from([0xff, 0xfe, 0x7b])),
  'an unknown request': frame({ v: 1, id: 1, request: 'become-root' }),
  'a name of the prototype': frame({ v: 1, id: 1, request: '__proto__' }),
  'another version': frame({ v: 99, id: 1, request: 'begin' }),
  'deep nesting': frame(`{"v":1,"id":1,"request":"begin","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
  'a key twice': frame('{"v":1,"id":1,"request":"begin","request":"open-session"}'),
  'an extra key': frame({ v: 1, id: 1, request: 'begin', extra: true }),
  'no id': frame({ v: 1, request: 'begin' }),
};

const cases: Readonly<Record<string, () => Promise<unknown>>> = {
  connect: async () => {
    const { closed, text } = await exchange(connect(), frame({ v: 1, id: 1, request: 'status' }));
    return { closed, answered: text.includes('"ok":true') };
  },
  fuzz: async () => {
    const outcomes: Record<string, boolean> = {};
    for (const [name, bytes] of Object.entries(malformed)) {
      const { closed, text } = await exchange(await openDoor(), bytes);
      outcomes[name] = closed && !text.includes('"ok":true');
    }
    return outcomes;
  },
  'surprise-descriptors': async () => {
    const door = await openDoor();
    const fds = Array.from({ length: 100 }, () => addon.memfd('x', Buffer.from('x')));
    const { closed, text } = await exchange(door, frame({ v: 1, id: 1, request: 'begin' }), fds);
    return { closed, answered: text.includes('"ok":true') };
  },
  'session-before-login': async () => {
    const door = await openDoor();
    await exchange(door, frame({ v: 1, id: 1, request: 'begin' }));
    const { closed, fds, text } = await exchange(door, frame(session));
    return { closed, fds: fds.length, opened: text.includes('"opened"') };
  },
  'admin-on-worker-door': async () => {
    const door = await openDoor();
    const { closed, text } = await exchange(door, frame({ v: 1, id: 1, request: 'kill', jail: 'bob' }));
    return { closed, answered: text.includes('"ok":true') };
  },
};

const run = cases[kind];
if (run === undefined) {
  throw new Error(`no case ${kind}`);
}
process.stdout.write(
  `${JSON.stringify(await run().catch((error: Error & { code?: string }) => ({ refused: error.code ?? error.message })))}\n`,
);
process.exit(0);
