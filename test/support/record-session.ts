/**
 * Makes docs/session.svg: types a short session into a real ssh at a real terminal (tmux) of an instance of its own,
 * captures the screen, draws it. Run after something that shows has changed: node dist/test/support/record-session.js
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawScreen } from './ansi-svg.js';
import { Instance } from './instance.js';
import { mustRun } from './program.js';
import { sshCommandLine } from './ssh-client.js';
import { projectRoot } from './stage.js';
import { until } from './until.js';

const size = { columns: 92, rows: 34 };
const user = 'alice';

const typed: readonly string[] = [
  'id',
  'hostname; cat /etc/os-release | head -1',
  'echo "mine" > /hello && ls -l /hello',
  'useradd -m worker && su - worker -c id',
  'ip -br addr',
  'ps -ef',
  'rm -rf /usr/games /opt && echo gone, but only here',
];

async function record(instance: Instance): Promise<string> {
  const socket = path.join(instance.files.directory, 'tmux');
  const tmux = (...args: string[]) => mustRun('tmux', ['-S', socket, '-f', '/dev/null', ...args]);
  const shell = `TERM=xterm-256color ${sshCommandLine(instance)} ${user}@127.0.0.1`;
  await tmux('new-session', '-d', '-x', String(size.columns), '-y', String(size.rows), shell);
  try {
    const prompt = async (count: number) =>
      until(
        `prompt ${count}`,
        20_000,
        async () => ((await tmux('capture-pane', '-p')).match(/^\S*root@.*# ?/gm) ?? []).length >= count,
      );
    await prompt(1);
    for (const [index, line] of typed.entries()) {
      await tmux('send-keys', '-l', line);
      await tmux('send-keys', 'Enter');
      await prompt(index + 2);
    }
    return await tmux('capture-pane', '-e', '-p');
  } finally {
    await tmux('kill-server').catch(() => undefined); // expected: it ends with its last session
  }
}

const instance = await Instance.make('record');
try {
  await instance.addAccount(user);
  const screen = await record(instance);
  const file = path.join(projectRoot, 'docs/session.svg');
  writeFileSync(file, drawScreen(screen, `ssh ${user}@host`, size.columns));
  process.stdout.write(`${file}\n`);
} finally {
  await instance.remove();
}
