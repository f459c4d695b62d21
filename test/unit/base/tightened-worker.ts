/** A stand-in for a worker: does a list of things, with or without the second filter, and prints how each went. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { addon } from '../../../src/base/addon.js';
import { deferred } from './deferred.js';

const [mode, directory = ''] = process.argv.slice(2);
const at = (name: string) => join(directory, name);
const [near, far] = addon.socketPair('seqpacket');
const terminal = addon.openPty();

async function tcpListen(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.close();
}

async function tcpConnect(): Promise<void> {
  const socket = connect(1, '127.0.0.1');
  // Refused by the peer counts as having come through.
  await once(socket, 'connect').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNREFUSED') throw error;
  });
}

const actions: Readonly<Record<string, () => unknown>> = {
  spawn: async () => once(spawn('true'), 'exit'),
  'worker process': async () => once(spawn(process.execPath, ['-v']), 'exit'),
  'tcp connect': tcpConnect,
  'tcp listen': tcpListen,
  'socket pair': () => addon.socketPair('stream').forEach((fd) => addon.close(fd)),
  'unix connect': () => {
    const listener = addon.listenUnix('@jaild-test', 'stream', 0);
    addon.close(addon.connectUnix('@jaild-test', 'stream'));
    addon.close(listener);
  },
  'open for writing': () => fs.closeSync(fs.openSync(at('file'), 'r+')),
  append: () => fs.closeSync(fs.openSync(at('file'), 'a')),
  create: () => fs.closeSync(fs.openSync(at('new'), 'w')),
  unlink: () => fs.unlinkSync(mode === 'open' ? at('new') : at('file')),
  rename: () => fs.renameSync(at('file'), at('file')),
  mkdir: () => fs.mkdirSync(at('directory')),
  rmdir: () => fs.rmdirSync(mode === 'open' ? at('directory') : at('none')),
  link: () => fs.linkSync(at('file'), at('hard')),
  symlink: () => fs.symlinkSync('/etc/passwd', at('soft')),
  chmod: () => fs.chmodSync(at('file'), 0o644),
  chown: () => fs.chownSync(at('file'), 0, 0),
  truncate: () => fs.truncateSync(at('file'), 7),
  utimes: () => fs.utimesSync(at('file'), 1, 1),
  kill: () => process.kill(process.pid, 0),
  'memory file': () => addon.close(addon.memfd('x', Buffer.from('x'))),

  'read a file': () => readFile(at('file')),
  'list a directory': () => readdir(directory),
  timer: () => delay(5),
  'thread pool': async () => randomBytesAsync(),
  'worker thread': async () => once(new Worker('process.exitCode = 0', { eval: true }), 'exit'),
  'send and receive': () => {
    addon.send(near, Buffer.from('x'));
    if (addon.recv(far, 10, 0)?.data.toString() !== 'x') throw new Error('lost');
  },
  'pass a descriptor': () => {
    addon.send(near, Buffer.from('x'), [near]);
    addon.recv(far, 10, 1)?.fds.forEach((fd) => addon.close(fd));
  },
  watch: async () => {
    const { promise, resolve } = deferred();
    const watch = addon.watch(near, { writable: true }, () => resolve());
    await promise;
    watch.close();
  },
  terminal: () => {
    addon.setWindowSize(terminal.master, 100, 30, 0, 0);
    addon.write(terminal.slave, Buffer.from('x'));
    if (addon.read(terminal.master, 10)?.toString() !== 'x') throw new Error('lost');
  },
  'garbage collection': () => {
    for (let i = 0; i < 50; i++) Buffer.alloc(1_000_000).fill(i);
  },
  hash: () => addon.crypt(Buffer.from('x'), '$6$rounds=1000$salt'),
  status: () => {
    const tasks = fs
      .readdirSync('/proc/self/task')
      .map((id) => fs.readFileSync(`/proc/self/task/${id}/status`, 'utf8'));
    const tight = tasks.every((text) => /^NoNewPrivs:\t1$/m.test(text) && /^Seccomp:\t2$/m.test(text));
    return tight ? 'NoNewPrivs 1, Seccomp 2 on all threads' : 'not everywhere';
  },
};

async function randomBytesAsync(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    randomBytes(64, (error) => (error === null ? resolve() : reject(error)));
  });
}

if (mode === 'tightened') {
  await randomBytesAsync();
  addon.setNonDumpable();
  addon.tightenSeccomp();
}
const outcome: Record<string, string> = {};
for (const [name, act] of Object.entries(actions)) {
  try {
    const result = await act();
    outcome[name] = name === 'status' ? String(result) : 'ok';
  } catch (error) {
    outcome[name] = (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
process.stdout.write(JSON.stringify(outcome));
