import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../../../src/base/addon.js';
import { decodeFields, encodeFields } from '../../../src/privsep/fields.js';
import type { Question } from '../../../src/privsep/request-table.js';

type Opening = Question<'open-session'>;

/** util-linux's and coreutils' programs that give the session its terminal and its pipes. */
const [setsid, mkfifo] = ['setsid', 'mkfifo'];
const signalsWithCore = [
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGQUIT',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
  'SIGXCPU',
  'SIGXFSZ',
];

/**
 * Stands in for a jail keeper: runs the program on this host, with a real terminal or real pipes, and speaks the session socket's protocol.
 * Answers the asker's end of the socket.
 */
export function startHostSession(opening: Opening): number {
  const [ours, theirs] = addon.socketPair('seqpacket');
  const session = opening.terminal === undefined ? startWithPipes(opening) : startWithTerminal(opening);
  const { child, ends } = session;
  addon.send(
    ours,
    encodeFields([
      ['ev', 'started'],
      ['pid', child.pid ?? 0],
    ]),
    ends,
  );
  for (const fd of ends) addon.close(fd);
  const watch = addon.watch(ours, { readable: true }, () => {
    for (let received = addon.recv(ours, 65_536, 0); received !== null; received = addon.recv(ours, 65_536, 0)) {
      if (received.data.length === 0) return hangUp();
      const fields = decodeFields(received.data);
      if (fields.text('op') === 'signal') killGroup(child, `SIG${fields.requireText('name')}` as NodeJS.Signals);
    }
  });
  let open = true;
  const finish = () => {
    if (!open) return;
    open = false;
    watch.close();
    addon.close(ours);
  };
  const hangUp = () => {
    killGroup(child, 'SIGHUP');
    killGroup(child, 'SIGCONT');
    finish();
  };
  child.once('exit', (code, signal) => {
    if (!open) return;
    const end =
      code !== null
        ? encodeFields([
            ['ev', 'exited'],
            ['code', code],
          ])
        : encodeFields([
            ['ev', 'signaled'],
            ['signal', (signal ?? '').slice(3)],
            ['core', signalsWithCore.includes(signal ?? '') ? 1 : 0],
          ]);
    addon.send(ours, end);
    finish();
  });
  return theirs;
}

function startWithTerminal(opening: Opening): { child: ChildProcess; ends: number[] } {
  const { master, slave } = addon.openPty();
  const { columns = 80, rows = 24 } = opening.terminal ?? {};
  addon.setWindowSize(master, columns, rows, 0, 0);
  const env = { ...environmentOf(opening), TERM: opening.terminal?.term ?? 'dumb' };
  const child = spawn(setsid, ['--ctty', ...programOf(opening)], { stdio: [slave, slave, slave], env, cwd: '/' });
  addon.close(slave);
  return { child, ends: [master] };
}

function startWithPipes(opening: Opening): { child: ChildProcess; ends: number[] } {
  const [input, output, errors] = [makePipe(), makePipe(), makePipe()];
  const child = spawn(setsid, programOf(opening), {
    stdio: [input.read, output.write, errors.write],
    env: environmentOf(opening),
    cwd: '/',
  });
  for (const fd of [input.read, output.write, errors.write]) closeSync(fd);
  return { child, ends: [input.write, output.read, errors.read] };
}

function programOf(opening: Opening): string[] {
  if (opening.kind === 'shell') return ['/bin/bash', '-l'];
  if (opening.kind === 'subsystem') return ['/usr/lib/openssh/sftp-server'];
  return ['/bin/bash', '-c', Buffer.from(opening.command, 'base64').toString('latin1')];
}

function environmentOf(opening: Opening): NodeJS.ProcessEnv {
  const given = opening.environment.map(([name, value]) => [name, Buffer.from(value, 'base64').toString('latin1')]);
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', ...Object.fromEntries(given) };
}

/** Node gives children socket pairs; a FIFO without a name is a real pipe. */
function makePipe(): { read: number; write: number } {
  const directory = mkdtempSync('/tmp/door-peer-');
  const path = join(directory, 'pipe');
  execFileSync(mkfifo, [path]);
  const keeper = openSync(path, constants.O_RDWR);
  const read = openSync(path, constants.O_RDONLY);
  const write = openSync(path, constants.O_WRONLY);
  closeSync(keeper);
  unlinkSync(path);
  rmdirSync(directory);
  return { read, write };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // expected: the group has ended
  }
}
