import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Instance } from './instance.js';
import { runProgram } from './program.js';
import { ssh, sshSettings } from './ssh-client.js';

/** One thing that the demo shows: what is typed, what came back, whether it is what a user may expect. */
interface Finding {
  readonly shown: string;
  readonly held: boolean;
}

type Check = (instance: Instance, user: string) => Promise<Finding>;

const marker = 'written-by-jaild-demo';

const checks: readonly Check[] = [
  async (instance, user) => {
    const { code, out } = await ssh(instance, user, 'id');
    return { shown: `$ id\n${out}`, held: code === 0 && out.startsWith('uid=0(root) gid=0(root)') };
  },
  async (instance, user) => {
    const command = `echo mine > /${marker} && cat /${marker} && ls -l /${marker}`;
    const { code, out } = await ssh(instance, user, command);
    return { shown: `$ ${command}\n${out}`, held: code === 0 && out.startsWith('mine') && !existsSync(`/${marker}`) };
  },
  async (instance, user) => {
    const { code, out } = await ssh(instance, user, 'dpkg-query -W | head -3; dpkg-query -W | wc -l');
    const count = Number(out.split('\n').at(-1));
    return { shown: `$ dpkg-query -W | head -3; dpkg-query -W | wc -l\n${out}`, held: code === 0 && count > 10 };
  },
  async (instance, user) => {
    const { code } = await ssh(instance, user, 'exit 42');
    return { shown: `$ exit 42\nssh ended with ${code}`, held: code === 42 };
  },
  sftpRoundTrip,
];

async function sftpRoundTrip(instance: Instance, user: string): Promise<Finding> {
  const sent = path.join(instance.files.directory, 'sent');
  const received = path.join(instance.files.directory, 'received');
  writeFileSync(sent, Buffer.alloc(1_000_000, 'jaild '));
  const { code, err } = await runProgram(
    'sftp',
    [...sshSettings(instance), '-P', String(instance.files.port), '-b', '-', `${user}@127.0.0.1`],
    { input: `put ${sent} /root/round-trip\nget /root/round-trip ${received}\n` },
  );
  const same = code === 0 && existsSync(received) && readFileSync(sent).equals(readFileSync(received));
  return {
    shown: `sftp: 1,000,000 bytes up and down again: ${same ? 'identical' : `not identical ${err}`}`,
    held: same,
  };
}

/** Logs in with the real ssh and sftp, shows what came back, and tells whether all of it was as it should be. */
export async function checkDemo(instance: Instance, user: string, say: (text: string) => void): Promise<boolean> {
  let held = true;
  for (const check of checks) {
    const finding = await check(instance, user);
    say(`${finding.shown}\n  ${finding.held ? 'ok' : 'NOT as expected'}\n`);
    held &&= finding.held;
  }
  say(held ? 'all held' : 'something did not hold');
  return held;
}
