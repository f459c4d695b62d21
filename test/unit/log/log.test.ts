import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JaildError } from '../../../src/errors/jaild-error.js';
import { events } from '../../../src/log/events.js';
import { NoiseGate } from '../../../src/log/noise-gate.js';
import { rootLogger } from '../../../src/log/root.js';

function capture(): { log: ReturnType<typeof rootLogger>; lines: Record<string, unknown>[]; raw: string[] } {
  const raw: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const stream = {
    write(line: string): void {
      raw.push(line);
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  };
  return { log: rootLogger({ role: 'broker', level: 'debug', stream }), lines, raw };
}

describe('log', () => {
  it('writes one JSON line with event, level, role and ids', () => {
    const { log, lines } = capture();
    log.child({ connection: 'c7' }).child({ session: 's1' }).event('session.opened', { account: 'alice' });
    const { event, level, role, connection, session, account } = lines[0] ?? {};
    assert.deepEqual(
      { event, level, role, connection, session, account },
      { event: 'session.opened', level: 'info', role: 'broker', connection: 'c7', session: 's1', account: 'alice' },
    );
  });

  it('keeps foreign text escaped and under one key', () => {
    const { log, lines, raw } = capture();
    log.event('auth.rejected', {
      untrusted: { user: 'x\u001b[2J\n{"event":"auth.accepted"}', client: 'y'.repeat(5000) },
    });
    assert.equal(raw.length, 1);
    assert.ok(!raw[0]?.includes('\u001b'));
    const untrusted = lines[0]?.['untrusted'] as Record<string, string>;
    assert.match(untrusted['user'] ?? '', /^x\\x1b\[2J\\n/);
    assert.ok((untrusted['client'] ?? '').length < 300);
  });

  it('never writes secrets', () => {
    const { log, raw } = capture();
    log.event('auth.accepted', { password: 'hunter2', detail: { secret: 'hunter2' } });
    assert.ok(!raw[0]?.includes('hunter2'));
  });

  it('gives a fault its code and causes, and a stack only when nobody expected it', () => {
    const { log, lines } = capture();
    log.event('jail.failed', {
      error: new JaildError('record-missing', 'no such jail', { cause: new Error('ENOENT') }),
    });
    log.fault('timer', new TypeError('x is undefined'));
    const [known, unknown] = lines.map((line) => line['error'] as Record<string, unknown>);
    assert.deepEqual(known, { code: 'record-missing', message: 'no such jail', causes: ['ENOENT'] });
    assert.equal(unknown?.['code'], 'internal');
    assert.ok(unknown?.['stack']);
  });

  it('limits noise and says how much it held back', () => {
    const { log, lines } = capture();
    for (let index = 0; index < 80; index += 1) log.event('connection.refused');
    log.event('session.opened');
    log.flush();
    assert.equal(lines.filter((line) => line['event'] === 'connection.refused').length, 50);
    assert.equal(lines.filter((line) => line['event'] === 'session.opened').length, 1);
    assert.deepEqual(lines.at(-1)?.['counts'], { 'connection.refused': 30 });
  });

  it('knows only dotted lower-case event names', () => {
    for (const name of Object.keys(events)) assert.match(name, /^[a-z-]+\.[a-z-]+$/);
  });
});

describe('noise gate', () => {
  it('opens again when the interval is over', () => {
    let now = 0;
    const held: unknown[] = [];
    const gate = new NoiseGate({
      burst: 1,
      intervalMs: 100,
      onSuppressed: (counts) => held.push(counts),
      now: () => now,
    });
    assert.deepEqual([gate.admits('a'), gate.admits('a'), gate.admits('b')], [true, false, true]);
    now = 100;
    assert.equal(gate.admits('a'), true);
    assert.deepEqual(held, [{ a: 1 }]);
    gate.flush();
  });
});
