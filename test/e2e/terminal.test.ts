import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mustSsh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';
import { openTerminal } from '../support/terminal-client.js';

const instance = instanceForSuite('terminal', {}, (made) => made.addAccount('alice'));

test('a shell at a terminal answers, and its status is the client’s', async () => {
  const terminal = openTerminal(instance(), 'alice');
  terminal.type('echo $((6*7))-answer\r');
  await terminal.sees(/42-answer/);
  terminal.type('exit 3\r');
  assert.equal(await terminal.ends(), 3);
});

test('the terminal has a name inside', async () => {
  const terminal = openTerminal(instance(), 'alice', { command: 'tty; ls -l /proc/self/fd/0' });
  await terminal.sees(/\/dev\/pts\/\d+[\s\S]*-> \/dev\/pts\/\d+/);
  assert.equal(await terminal.ends(), 0);
});

test('size and type are the client’s, also after a resize', async () => {
  const terminal = openTerminal(instance(), 'alice', { columns: 101, rows: 37, term: 'vt220' });
  terminal.type('stty size; echo "type $TERM"\r');
  await terminal.sees(/37 101[\s\S]*type vt220/);
  terminal.type('trap "echo changed" WINCH; echo re""ady\r');
  await terminal.sees(/ready/);
  terminal.resize(132, 50);
  await terminal.sees(/changed/);
  terminal.type('stty size\r');
  await terminal.sees(/50 132/);
  terminal.type('exit\r');
  await terminal.ends();
});

test('Ctrl-C interrupts the program in the foreground and not the shell', async () => {
  const terminal = openTerminal(instance(), 'alice');
  terminal.type('sh -c \'echo star""ted; exec sleep 1000\'\r');
  await terminal.sees(/started/);
  terminal.type('\x03');
  await terminal.sees(/\^C[\s\S]*[#$] /);
  terminal.type('echo still-$((1+1))\r');
  await terminal.sees(/still-2/);
  terminal.type('exit 0\r');
  assert.equal(await terminal.ends(), 0);
});

test('job control works: stop, background, foreground', async () => {
  const terminal = openTerminal(instance(), 'alice');
  terminal.type('sh -c \'echo star""ted; exec sleep 1000\'\r');
  await terminal.sees(/started/);
  terminal.type('\x1a');
  await terminal.sees(/Stopped/);
  terminal.type('bg; jobs; kill %1; wait; echo jobs-""over\r');
  await terminal.sees(/Running[\s\S]*jobs-over/);
  terminal.type('exit 0\r');
  assert.equal(await terminal.ends(), 0);
});

test('the terminal belongs to the user inside', async () => {
  const terminal = openTerminal(instance(), 'alice', { command: 'stat -c "owner %U %G %a" $(tty)' });
  const [, owner, group] = await terminal.sees(/owner (\S+) (\S+) 6[02]0/);
  assert.equal(owner, 'root');
  assert.ok(group === 'tty' || group === 'root', group);
});

test('forty thousand lines at a terminal arrive complete', async () => {
  const terminal = openTerminal(instance(), 'alice', { command: 'seq 1 40000; echo the-""end' });
  await terminal.sees(/\b39999\r\n40000\r\nthe-end/, 60_000);
  assert.equal(await terminal.ends(), 0);
});

test('a program without a terminal has none', async () => {
  assert.equal(await mustSsh(instance(), 'alice', 'tty || true'), 'not a tty');
});
