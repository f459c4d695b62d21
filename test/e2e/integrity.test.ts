import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted } from '../support/full-mode.js';
import { RawChannel } from '../support/raw-ssh/channel.js';
import type { RawConnection } from '../support/raw-ssh/connection.js';
import { openLoggedIn, readClientKey } from '../support/raw-ssh/login.js';
import { ssh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';
import { pause } from '../support/until.js';

/**
 * A program that writes 600 kB and exits at once: the classic way to lose the tail of a terminal's output. Readers are
 * made with a raw client, because OpenSSH's own takes 2 MB before it lets the server feel that nobody reads.
 */
const instance = instanceForSuite('integrity', {}, (made) => made.addAccount('alice'));

const lineCount = 102_000;
const lines = Array.from({ length: lineCount }, (_, index) => String(index + 1));
const expected = { terminal: `${lines.join('\r\n')}\r\n`, pipe: `${lines.join('\n')}\n` };
const runs = counted(15, 500);

type Reader = (channel: RawChannel) => Promise<void>;

/** Takes everything as it comes and gives the window back at once. */
const fast: Reader = async (channel) => {
  let given = 0;
  while (!channel.isClosed) {
    await channel.take(60_000);
    channel.adjust(channel.received - given);
    given = channel.received;
  }
};

/** 16 kB at a time, with a pause after each. */
const slow: Reader = async (channel) => {
  let given = 0;
  while (!channel.isClosed) {
    await channel.take(60_000);
    if (channel.received - given >= 16_384) {
      await pause(2);
      channel.adjust(channel.received - given);
      given = channel.received;
    }
  }
};

/** Reads what the first window held, then nothing for a second: the program has long ended when it goes on. */
const stalled: Reader = async (channel) => {
  while (channel.received < firstWindow) {
    await channel.take(60_000);
  }
  await pause(1_000);
  channel.adjust(1_000_000);
  while (!channel.isClosed) {
    await channel.take(60_000);
  }
};

const firstWindow = 32_768;
const readers = { fast, slow, stalled } as const;

async function runOnce(
  connection: RawConnection,
  local: number,
  kind: 'terminal' | 'pipe',
  read: Reader,
): Promise<void> {
  const channel = await RawChannel.open(connection, { local, window: firstWindow });
  if (kind === 'terminal') {
    assert.equal(await channel.requestTerminal(), true);
  }
  await channel.exec(`exec seq 1 ${lineCount}`);
  await read(channel);
  const output = channel.output.toString();
  assert.equal(output.length, expected[kind].length, 'not one byte is missing');
  assert.ok(output === expected[kind], 'the bytes are the same');
  assert.equal(channel.status, 0);
  channel.close();
}

for (const kind of ['terminal', 'pipe'] as const) {
  for (const [name, read] of Object.entries(readers)) {
    const count = name === 'stalled' ? Math.ceil(runs / 3) : runs;
    test(`600 kB through a ${kind} to a ${name} reader are complete, ${count} runs`, async () => {
      const { port } = instance().files;
      const connection = await openLoggedIn({ port }, 'alice', readClientKey(instance().keyFile));
      for (let run = 0; run < count; run += 1) {
        await runOnce(connection, run, kind, read);
      }
      connection.destroy();
    });
  }
}

test(`OpenSSH's client gets 600 kB from a terminal complete, ${counted(5, 100)} runs`, async () => {
  for (let run = 0; run < counted(5, 100); run += 1) {
    const { stdout, code } = await ssh(instance(), 'alice', `exec seq 1 ${lineCount}`, { flags: ['-tt'], input: '' });
    assert.equal(code, 0);
    assert.ok(stdout.toString() === expected.terminal, `${stdout.length} of ${expected.terminal.length} bytes`);
  }
});

test('stderr after the end of stdout still arrives', async () => {
  const { out, err, code } = await ssh(instance(), 'alice', 'echo out; exec >&-; sleep 0.2; echo late >&2; exit 5');
  assert.deepEqual([out, err, code], ['out', 'late', 5]);
});
