import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { addon } from '../../../src/base/addon.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { DoorClient } from '../../../src/privsep/door-client.js';
import { encodeFrame, maxFrameBytes } from '../../../src/privsep/frame.js';
import { FrameSocket } from '../../../src/privsep/frame-socket.js';

function makePair(answer: (message: Readonly<Record<string, unknown>>, peer: FrameSocket) => void): {
  client: DoorClient;
  peer: FrameSocket;
} {
  const [ours, theirs] = addon.socketPair('stream');
  const peer: FrameSocket = new FrameSocket(theirs, maxFrameBytes, {
    frame: ({ message }) => answer(message, peer),
    closed: () => undefined,
  });
  return { client: new DoorClient(ours), peer };
}

describe('door client', () => {
  it('gets each answer with its descriptors, in any order', async () => {
    const waiting: Readonly<Record<string, unknown>>[] = [];
    const { client, peer } = makePair((message) => {
      waiting.push(message);
      if (waiting.length < 2) return;
      const [end, other] = addon.socketPair('stream');
      addon.close(other);
      peer.send({ id: waiting[1]?.['id'], ok: true, name: 'second' }, [end]);
      peer.send({ id: waiting[0]?.['id'], ok: true, name: 'first' });
    });
    const [first, second] = await Promise.all([client.ask('status', {}), client.ask('status', {})]);
    assert.equal((first.answer as unknown as { name: string }).name, 'first');
    assert.equal((second.answer as unknown as { name: string }).name, 'second');
    assert.deepEqual([first.fds.length, second.fds.length], [0, 1]);
    for (const fd of second.fds) addon.close(fd);
    client.close();
  });

  it('throws the code of the broker when it is one of ours, else door-refused', async () => {
    const codes = ['not-found', 'something-new'];
    const { client, peer } = makePair(({ id }) =>
      peer.send({ id, ok: false, error: { code: codes.shift(), text: 'no' } }),
    );
    await assert.rejects(client.ask('status', {}), (error) => isJaildError(error, 'not-found'));
    await assert.rejects(client.ask('status', {}), (error) => isJaildError(error, 'door-refused'));
    client.close();
  });

  it('fails what waits when the door closes, and tells it once', async () => {
    const { client, peer } = makePair(() => peer.close());
    let closes = 0;
    client.onClose(() => (closes += 1));
    await assert.rejects(client.ask('status', {}), (error) => isJaildError(error, 'door-closed'));
    await assert.rejects(client.ask('status', {}), (error) => isJaildError(error, 'door-closed'));
    client.close();
    assert.equal(closes, 1);
  });

  it('gives up at the deadline and ignores the answer that comes later', async () => {
    const late: unknown[] = [];
    const { client, peer } = makePair(({ id }) => late.push(id));
    await assert.rejects(client.ask('status', {}, 20), (error) => isJaildError(error, 'door-timeout'));
    const next = client.ask('status', {});
    while (late.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const id of late) peer.send({ id, ok: true, id2: id });
    assert.equal((await next).fds.length, 0);
    client.close();
  });

  it('hands events to their listeners', async () => {
    const { client, peer } = makePair(() => undefined);
    const told = new Promise((resolve) => client.on('terminate', resolve));
    peer.send({ event: 'terminate', code: 'x', text: 'bye' });
    assert.deepEqual(await told, { code: 'x', text: 'bye' });
    client.close();
  });

  it('asks blocking while other answers are on their way, and loses none', async () => {
    const [ours, theirs] = addon.socketPair('stream');
    const client = new DoorClient(ours);
    const before = client.ask('status', {});
    // The other end answers from a thread of its own: this one stands still.
    const program = `
      const { workerData } = require('node:worker_threads');
      const fs = require('node:fs');
      const buffer = Buffer.alloc(65536);
      let held = Buffer.alloc(0);
      const ids = [];
      while (ids.length < 2) {
        let count = 0;
        try { count = fs.readSync(workerData.fd, buffer); } catch (error) { if (error.code !== 'EAGAIN') throw error; continue; }
        held = Buffer.concat([held, buffer.subarray(0, count)]);
        for (;;) {
          if (held.length < 4 || held.length < 4 + held.readUInt32BE(0)) break;
          const size = held.readUInt32BE(0);
          ids.push(JSON.parse(held.subarray(4, 4 + size)).id);
          held = held.subarray(4 + size);
        }
      }
      for (const id of ids) {
        const body = Buffer.from(JSON.stringify({ v: 1, id, ok: true, echo: id }));
        const head = Buffer.alloc(4);
        head.writeUInt32BE(body.length);
        fs.writeSync(workerData.fd, Buffer.concat([head, body]));
      }`;
    const thread = new Worker(program, { eval: true, workerData: { fd: theirs } });
    await new Promise((resolve) => thread.once('online', resolve));
    const { answer } = client.askBlocking('status', {}, 5_000);
    assert.equal((answer as unknown as { echo: number }).echo, 2);
    assert.equal(((await before).answer as unknown as { echo: number }).echo, 1);
    await thread.terminate();
    client.close();
    addon.close(theirs);
  });

  it('gives up a blocking question at its deadline', () => {
    const [ours, theirs] = addon.socketPair('stream');
    const client = new DoorClient(ours);
    assert.throws(
      () => client.askBlocking('status', {}, 30),
      (error) => isJaildError(error, 'door-timeout'),
    );
    client.close();
    addon.close(theirs);
  });

  it('closes descriptors of a message that is malformed', async () => {
    const [ours, theirs] = addon.socketPair('stream');
    const client = new DoorClient(ours);
    const ended = new Promise((resolve) => client.onClose(resolve));
    const [kept, given] = addon.socketPair('stream');
    addon.send(theirs, encodeFrame({ event: 'x' }), [given]);
    addon.close(given);
    assert.ok(isJaildError(await ended, 'door-malformed'));
    assert.equal(addon.recvBlocking(kept, 1, 0, 1000)?.data.length, 0, 'the other end was not closed');
    addon.close(kept);
    addon.close(theirs);
  });
});
