import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const directory = mkdtempSync(join(tmpdir(), 'jaild-filter-'));
after(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, 'file'), 'content');

const program = fileURLToPath(new URL('./tightened-worker.js', import.meta.url));

async function runWorker(mode: 'open' | 'tightened'): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, mode, directory], { timeout: 60_000 });
  return JSON.parse(stdout) as Record<string, string>;
}

const refused = [
  'spawn',
  'worker process',
  'tcp connect',
  'tcp listen',
  'socket pair',
  'unix connect',
  'open for writing',
  'append',
  'create',
  'unlink',
  'rename',
  'mkdir',
  'rmdir',
  'link',
  'symlink',
  'chmod',
  'chown',
  'truncate',
  'utimes',
  'kill',
  'memory file',
];
const allowed = [
  'read a file',
  'list a directory',
  'timer',
  'thread pool',
  'worker thread',
  'send and receive',
  'pass a descriptor',
  'watch',
  'terminal',
  'garbage collection',
  'hash',
];

describe("the worker's second filter", () => {
  test('control run: without it everything works', async () => {
    const outcome = await runWorker('open');
    for (const name of [...refused, ...allowed]) assert.equal(outcome[name], 'ok', name);
  });

  test('refuses what a worker must not do and leaves nothing behind', async () => {
    const before = readdirSync(directory).sort();
    const outcome = await runWorker('tightened');
    for (const name of refused) assert.equal(outcome[name], 'EPERM', name);
    assert.deepEqual(readdirSync(directory).sort(), before);
  });

  test('leaves the runtime working', async () => {
    const outcome = await runWorker('tightened');
    for (const name of allowed) assert.equal(outcome[name], 'ok', name);
  });

  test('cannot be traced or made dumpable again', async () => {
    assert.equal((await runWorker('tightened'))['status'], 'NoNewPrivs 1, Seccomp 2 on all threads');
  });
});
