import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { addon } from '../../../src/base/addon.js';
import { monotonicMs, pause } from '../../../src/base/deadline.js';
import { Listener } from '../../../src/listener/main.js';
import { rootLogger } from '../../../src/log/root.js';
import type { ListenerSettings } from '../../../src/privsep/worker-control.js';
import { FixtureBroker } from './fixture-broker.js';

const settings: ListenerSettings = {
  listener: {
    identification: 'jaild',
    graceTimeMs: 5000,
    identTimeMs: 2000,
    maxStartups: 20,
    maxStartupsPerSource: 3,
    maxConnections: 30,
    maxConnectionsPerSource: 4,
    dropFrom: 20,
    sourcePrefixIpv4: 32,
    sourcePrefixIpv6: 64,
    stopTimeMs: 5000,
  },
  workers: {
    sharing: 'address',
    neverShare: [],
    maxWorkers: 4,
    maxSingleWorkers: 4,
    spares: 1,
    watchdogTimeMs: 60_000,
    startTimeMs: 2000,
    idleTimeMs: 60_000,
  },
  session: { acceptEnvironment: [], keepaliveMs: 0, maxSessions: 1, maxForwards: 1, idleTimeMs: 0 },
};

describe('listener', () => {
  let folder = '';
  let broker: FixtureBroker;
  let listener: Listener | undefined;
  let port = 0;
  let lines: Record<string, unknown>[] = [];
  let clients: Socket[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-listener-'));
    lines = [];
    clients = [];
    broker = new FixtureBroker(join(folder, 'listener.sock'), settings);
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await listener?.stop(0);
    broker.close();
    broker.closeWorkers();
    rmSync(folder, { recursive: true });
  });

  async function start(changes: { listener?: object; workers?: object } = {}): Promise<void> {
    broker.settings = {
      ...settings,
      listener: { ...settings.listener, ...changes.listener },
      workers: { ...settings.workers, ...changes.workers },
    };
    const socket = addon.listenTcp('127.0.0.1', 0, 64);
    port = socket.port;
    const log = rootLogger({
      role: 'listener',
      level: 'debug',
      stream: { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    });
    listener = await Listener.start({ runDir: folder, sockets: [socket.fd], log });
  }

  function open(from = '127.0.0.1'): { client: Socket; text: () => string; closed: Promise<void> } {
    const client = connect({ port, host: '127.0.0.1', localAddress: from });
    clients.push(client);
    let text = '';
    client.on('data', (data) => (text += data.toString('latin1')));
    client.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve())); // also after an ECONNRESET
    return { client, text: () => text, closed };
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    const end = monotonicMs() + 4000;
    while (!condition()) {
      if (monotonicMs() > end) assert.fail(`never: ${what}; ${JSON.stringify(lines.slice(-5))}`);
      await pause(5);
    }
  }

  const handed = () => broker.workers.flatMap((worker) => worker.messages.filter(({ type }) => type === 'connection'));
  const events = (name: string) => lines.filter(({ event }) => event === name);

  it('greets at once, then hands the untouched socket to a worker with a door', async () => {
    await start();
    const { client, text } = open();
    await until('greeting', () => text() === 'SSH-2.0-jaild\r\n');
    client.write('SSH-2.0-te');
    client.write('st_1.0\r\nand what follows');
    await until('hand-over', () => handed().length === 1);
    const [message] = handed();
    assert.deepEqual(
      [
        message?.['connectionId'],
        message?.['identification'],
        message?.['clientIdentification'],
        message?.['source'],
        message?.['localPort'],
      ],
      ['c1', 'jaild', 'SSH-2.0-test_1.0', '127.0.0.1', port],
    );
    const tcp = broker.workers[0]?.sockets.get('c1') ?? assert.fail();
    await until('bytes', () => (addon.peek(tcp, 100)?.length ?? 0) > 20);
    assert.equal(addon.read(tcp, 100)?.toString(), 'SSH-2.0-test_1.0\r\nand what follows');
    assert.equal(broker.doors[0]?.question['source'], '127.0.0.1');
  });

  it('takes a line that comes byte by byte', async () => {
    await start();
    const { client } = open();
    for (const byte of 'SSH-2.0-slow\r\n') {
      client.write(byte);
      await pause(2);
    }
    await until('hand-over', () => handed().length === 1);
  });

  it('closes what sends nothing, half a line, or half a line and its end', async () => {
    await start({ listener: { identTimeMs: 150 } });
    const [silent, half, ended] = [open(), open(), open()];
    half.client.write('SSH-2.0-');
    ended.client.write('SSH-2.0-x');
    ended.client.end();
    await Promise.all([silent.closed, half.closed, ended.closed]);
    await until('outcomes', () => events('connection.closed').length === 3);
    assert.deepEqual(
      events('connection.closed')
        .map(({ outcome }) => outcome)
        .sort(),
      ['gone', 'late', 'late'],
    );
  });

  it('refuses in words what is not SSH 2, and logs it escaped', async () => {
    await start();
    const { client, text, closed } = open();
    client.write('GET / HTTP/1.1\u001b[2J\r\n\r\n');
    await closed;
    assert.match(text(), /^SSH-2\.0-jaild\r\nOnly the SSH protocol, version 2\.0, is spoken here\. \[not-ssh-2\]\r\n$/);
    const [line] = events('connection.refused');
    assert.deepEqual(
      [line?.['fault'], line?.['untrusted']],
      ['not-ssh', { identification: 'GET / HTTP/1.1\\x1b[2J\\r\\n\\r\\n' }],
    );
  });

  it('says why when a source has too many, and serves another source', async () => {
    await start();
    const first = [open(), open(), open()];
    await until('greetings', () => first.every(({ text }) => text() !== ''));
    const refused = open();
    await refused.closed;
    assert.match(refused.text(), /^SSH-2\.0-jaild\r\n.*Too many connections from your address/s);
    const other = open('127.0.0.2');
    await until('greeting', () => other.text() === 'SSH-2.0-jaild\r\n');
    first[0]?.client.destroy();
    await until('slot', () => events('connection.closed').length === 1);
    const again = open();
    await until('greeting', () => again.text() === 'SSH-2.0-jaild\r\n');
  });

  it('frees a slot when worker or broker says that the connection ended, and when the worker is gone', async () => {
    await start({ listener: { maxConnectionsPerSource: 3 } });
    const login = async (count: number): Promise<void> => {
      open().client.write('SSH-2.0-x\r\n');
      await until('hand-over', () => handed().length === count);
    };
    for (const count of [1, 2, 3]) await login(count);
    for (const connectionId of ['c1', 'c2', 'c3'])
      broker.tell('connection-authenticated', { connectionId, account: 'alice' });
    await until('logins', () => events('connection.authenticated').length === 3);
    const refused = open();
    await refused.closed;
    broker.workers[0]?.end('c1');
    broker.workers[0]?.end('c1');
    await login(4);
    broker.tell('connection-ended', { connectionId: 'c2' });
    await login(5);
    broker.workers[0]?.socket.close();
    await until('loss', () => events('worker.failed').length === 1);
    for (const count of [6, 7]) await login(count);
  });

  it('keeps one source in one worker and another source out of it', async () => {
    await start();
    for (const from of ['127.0.0.1', '127.0.0.1', '127.0.0.2']) open(from).client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 3);
    assert.deepEqual(
      broker.workers
        .map(({ sockets }) => sockets.size)
        .filter((size) => size > 0)
        .sort(),
      [1, 2],
    );
  });

  it('gives a connection that is never shared a worker of its own, which ends with it', async () => {
    await start({ workers: { neverShare: ['127.0.0.0/8'] } });
    for (let index = 0; index < 2; index += 1) open().client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 2);
    const used = broker.workers.filter(({ sockets }) => sockets.size === 1);
    assert.equal(used.length, 2);
    used[0]?.end([...(used[0]?.sockets.keys() ?? [])][0] ?? '');
    await until('retired', () => events('worker.retired').length === 1);
  });

  it('kills a worker that is silent, and only that one', async () => {
    await start({ workers: { watchdogTimeMs: 1500, spares: 0 } });
    open().client.write('SSH-2.0-x\r\n');
    open('127.0.0.2').client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 2);
    const alive = setInterval(() => broker.workers[1]?.socket.send({ type: 'alive' }), 100);
    try {
      await until('kill', () => broker.killed.length === 1);
      assert.deepEqual(broker.killed, ['w1']);
      assert.equal(broker.workers[1]?.socket.isClosed, false);
    } finally {
      clearInterval(alive);
    }
  });

  it('waits for a broker that is being restarted', async () => {
    await start();
    await until('spare', () => events('worker.started').length === 1);
    const old = broker;
    old.close();
    const { client, text } = open();
    client.write('SSH-2.0-x\r\n');
    await until('greeting', () => text() !== '');
    rmSync(join(folder, 'listener.sock'));
    broker = new FixtureBroker(join(folder, 'listener.sock'), settings);
    await until('hand-over', () => old.workers[0]?.sockets.size === 1);
    assert.equal(broker.doors.length, 1);
    old.closeWorkers();
  });

  it('brings a worker the resume socket that it asks for', async () => {
    await start();
    open().client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 1);
    const resume = addon.listenUnix(join(folder, 'resume.sock'), 'stream', 0o600);
    const [worker] = broker.workers;
    for (let asked = 0; asked < 50; asked += 1) worker?.socket.send({ type: 'need-resume', connectionId: 'c1' });
    worker?.socket.send({ type: 'need-resume', connectionId: 'c999' });
    await until('socket', () => broker.workers[0]?.messages.some(({ type }) => type === 'resume-socket') === true);
    const brought = () => worker?.messages.filter(({ type }) => type === 'resume-socket').length;
    assert.equal(brought(), 1);
    await until('one more after a rest', () => brought() === 2);
    addon.close(resume);
  });

  it('says so when no worker can be started, and recovers', async () => {
    broker.startsWorkers = 'fails';
    await start({ workers: { spares: 0 } });
    const refused = open();
    refused.client.write('SSH-2.0-x\r\n');
    await refused.closed;
    assert.match(refused.text(), /not available at the moment/);
    broker.startsWorkers = 'ready';
    open().client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 1);
  });

  it('lets connections finish when it stops, and ends the rest at the deadline', async () => {
    await start();
    open().client.write('SSH-2.0-x\r\n');
    open('127.0.0.2').client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 2);
    const stopping = listener?.stop(400);
    await until('drain', () => broker.workers.every(({ drained }) => drained));
    const refused = open();
    await refused.closed;
    assert.equal(refused.text(), '');
    broker.workers.find(({ sockets }) => sockets.has('c1'))?.end('c1');
    await stopping;
    await listener?.done;
    assert.equal(broker.killed.length, 1);
  });

  it('leaves the workers alone when another listener takes over', async () => {
    await start();
    open().client.write('SSH-2.0-x\r\n');
    await until('hand-over', () => handed().length === 1);
    listener?.detach();
    await listener?.done;
    assert.deepEqual(broker.killed, []);
  });

  it('takes new settings without a restart', async () => {
    await start();
    broker.settings = { ...settings, listener: { ...settings.listener, identification: 'other' } };
    broker.tell('reload');
    const greets = async (): Promise<string> => {
      const { client, text } = open();
      await until('greeting', () => text() !== '');
      client.destroy();
      return text();
    };
    await until('settings', () => true);
    let seen = await greets();
    for (let tries = 0; seen !== 'SSH-2.0-other\r\n' && tries < 20; tries += 1) seen = await greets();
    assert.equal(seen, 'SSH-2.0-other\r\n');
  });
});
