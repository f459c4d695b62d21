import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { addon } from '../../../../src/base/addon.js';
import type { CallerTerminal } from '../../../../src/cli/relay/caller-terminal.js';
import { until } from '../../../support/until.js';
import { type FixtureSession, openFixture, readEnd, readUntil } from './fixture-session.js';

const opened: FixtureSession[] = [];

function open(terminal: CallerTerminal | null = null): FixtureSession {
  const session = openFixture(terminal);
  opened.push(session);
  return session;
}

afterEach(() => {
  for (const session of opened.splice(0)) session.release();
});

/** The program closes its outputs, as it does when it ends. */
function endProgram(session: FixtureSession, code: number): void {
  session.tell([
    ['ev', 'exited'],
    ['code', code],
  ]);
  for (const fd of Object.values(session.program)) session.close(fd);
}

describe('a relayed session with pipes', () => {
  it('carries each stream to its own end, and the exit status', async () => {
    const session = open();
    session.start();
    addon.write(session.caller.stdin, Buffer.from('question'));
    assert.equal(await readUntil(session.program.stdin, 'question'), 'question');
    addon.write(session.program.stdout, Buffer.from('answer'));
    addon.write(session.program.stderr, Buffer.from('complaint'));
    assert.equal(await readUntil(session.caller.stdout, 'answer'), 'answer');
    assert.equal(await readUntil(session.caller.stderr, 'complaint'), 'complaint');
    endProgram(session, 7);
    assert.deepEqual(await session.ended, { how: 'exited', code: 7 });
  });

  it('tells the program the end of its input and goes on with its output', async () => {
    const session = open();
    session.start();
    session.close(session.caller.stdin);
    await readEnd(session.program.stdin);
    addon.write(session.program.stdout, Buffer.from('still here'));
    await readUntil(session.caller.stdout, 'still here');
    endProgram(session, 0);
    assert.deepEqual(await session.ended, { how: 'exited', code: 0 });
  });

  it('delivers what was written before the end, to the last byte, after the exit status came', async () => {
    const session = open();
    session.start();
    const wanted = 3 * 1024 * 1024;
    session.tell([
      ['ev', 'exited'],
      ['code', 0],
    ]);
    const piece = Buffer.alloc(65_536, 'x');
    let [written, read, sawFull] = [0, 0, false];
    await until('all of it to arrive', 20_000, () => {
      for (let taken: number | null = 1; taken !== null && written < wanted; written += taken ?? 0) {
        taken = addon.write(session.program.stdout, piece.subarray(0, Math.min(piece.length, wanted - written)));
        sawFull ||= taken === null;
      }
      for (let chunk = addon.read(session.caller.stdout, 65_536); chunk !== null; ) {
        read += chunk.length;
        chunk = read < wanted ? addon.read(session.caller.stdout, 65_536) : null;
      }
      return read === wanted;
    });
    assert.ok(sawFull, 'a reader that is slow stops the writer');
    for (const fd of Object.values(session.program)) session.close(fd);
    assert.deepEqual(await session.ended, { how: 'exited', code: 0 });
  });

  it('lets the program know that nobody reads its output', async () => {
    const session = open();
    session.start();
    session.close(session.caller.stdout);
    await until('the broken pipe', 5_000, () => {
      try {
        addon.write(session.program.stdout, Buffer.from('more'));
        return false;
      } catch {
        return true; // expected: EPIPE
      }
    });
    endProgram(session, 1);
    assert.deepEqual(await session.ended, { how: 'exited', code: 1 });
  });

  it('passes signals on to the program, and ends with the one that ended it', async () => {
    const session = open();
    session.start();
    addon.write(session.program.stdout, Buffer.from('ready'));
    await readUntil(session.caller.stdout, 'ready');
    process.kill(process.pid, 'SIGINT');
    await until('the signal', 5_000, () => session.asked.includes('signal INT'));
    session.tell([
      ['ev', 'signaled'],
      ['signal', 'INT'],
      ['core', 0],
    ]);
    for (const fd of Object.values(session.program)) session.close(fd);
    assert.deepEqual(await session.ended, { how: 'signaled', signal: 'INT' });
    assert.equal(process.listenerCount('SIGINT'), 0, 'nothing of it stays behind');
  });

  it('tells a failed set-up from a program that failed', async () => {
    const session = open();
    session.tell([
      ['ev', 'failed'],
      ['stage', 'enter'],
      ['step', 'setns'],
      ['path', ''],
      ['errno', 1],
      ['message', 'not permitted'],
    ]);
    await assert.rejects(session.ended, { code: 'keeper-failed', message: /setns/ });
  });

  it('tells a jail that ended from a program that ended', async () => {
    const session = open();
    session.start();
    addon.write(session.program.stdout, Buffer.from('ready'));
    await readUntil(session.caller.stdout, 'ready');
    session.vanish();
    assert.deepEqual(await session.ended, { how: 'lost' });
    const never = open();
    never.vanish();
    await assert.rejects(never.ended, { code: 'jail-not-running' });
  });
});

describe('a relayed session with a terminal', () => {
  const size = { columns: 80, rows: 24, widthPixels: 0, heightPixels: 0 };

  function makeTerminal(facts: { size: typeof size; raw: string[]; resized: () => void }): CallerTerminal {
    return {
      size: () => facts.size,
      onResize: (changed) => {
        facts.resized = changed;
        return () => void facts.raw.push('no more sizes');
      },
      enterRawMode: () => {
        facts.raw.push('raw');
        return () => void facts.raw.push('restored');
      },
    };
  }

  it('is raw while it lasts, follows the window, and drains what the kernel holds although others keep it open', async () => {
    const facts = { size, raw: [] as string[], resized: (): void => undefined };
    const session = open(makeTerminal(facts));
    const { master, slave } = addon.openPty();
    session.start([master]);
    addon.write(slave, Buffer.from('hello\n'));
    assert.match(await readUntil(session.caller.stdout, 'hello'), /^hello\r?\n?/);
    facts.size = { ...size, columns: 132 };
    facts.resized();
    await until('the new size', 5_000, () => session.asked.includes('resize 132 24'));
    addon.write(session.caller.stdin, Buffer.from('typed\n'));
    assert.match(await readUntil(slave, 'typed\n'), /typed/);
    addon.write(slave, Buffer.from('last words'));
    session.tell([
      ['ev', 'exited'],
      ['code', 3],
    ]);
    assert.deepEqual(await session.ended, { how: 'exited', code: 3 });
    await readUntil(session.caller.stdout, 'last words');
    assert.equal(facts.raw[0], 'raw');
    assert.ok(facts.raw.includes('restored'));
    addon.close(slave);
  });

  it('is restored when the jail goes away, and when we are told to end', async () => {
    for (const end of ['vanish', 'hang-up'] as const) {
      const facts = { size, raw: [] as string[], resized: (): void => undefined };
      const session = open(makeTerminal(facts));
      const { master, slave } = addon.openPty();
      session.start([master]);
      await until('raw mode', 5_000, () => facts.raw.includes('raw'));
      if (end === 'vanish') session.vanish();
      else process.kill(process.pid, 'SIGTERM');
      const outcome = await session.ended;
      assert.deepEqual(outcome, end === 'vanish' ? { how: 'lost' } : { how: 'signaled', signal: 'TERM' });
      assert.ok(facts.raw.includes('restored'));
      addon.close(slave);
    }
  });
});
