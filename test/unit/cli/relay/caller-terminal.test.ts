import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { addon } from '../../../../src/base/addon.js';
import { enterRawMode } from '../../../../src/cli/relay/caller-terminal.js';

function modesOf(fd: number): string {
  return spawnSync('stty', ['-a'], { stdio: [fd, 'pipe', 'inherit'], encoding: 'utf8' }).stdout;
}

describe('raw mode of the caller’s terminal', () => {
  it('passes bytes as they are both ways, and is taken back exactly, once', () => {
    const { master, slave } = addon.openPty();
    const before = modesOf(slave);
    const restore = enterRawMode(slave);
    for (const off of [/-icanon/, /-isig/, /-iexten/, /-opost/, /-icrnl/, /-ixon/, /-echo\b/])
      assert.match(modesOf(slave), off);
    restore();
    assert.equal(modesOf(slave), before);
    restore();
    assert.equal(process.listenerCount('exit', restore), 0);
    addon.close(slave);
    addon.close(master);
  });
});
