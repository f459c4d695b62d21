/**
 * `npm run demo`: an instance in one directory, and the lines to log in and to administer it. Waits for Ctrl-C, then
 * removes all it made. With --check it logs in itself, shows what it sees, and ends with status 0 only if all held.
 */
import { chownSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkDemo } from './demo-check.js';
import { Instance } from './instance.js';
import { mustRun } from './program.js';

const user = 'alice';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Under sudo, the person at the other terminal is not root: the key has to be theirs. */
function giveKeyToCaller(instance: Instance): void {
  const { SUDO_UID: uid, SUDO_GID: gid } = process.env;
  if (uid !== undefined && gid !== undefined) {
    chownSync(instance.keyFile, Number(uid), Number(gid));
  }
}

/** The host keys, so that the printed line needs no question and no blind trust. */
async function writeKnownHosts(instance: Instance): Promise<void> {
  const keys = await mustRun('ssh-keyscan', ['-p', String(instance.files.port), '127.0.0.1']);
  writeFileSync(instance.knownHosts, `${keys}\n`);
}

function printLines(instance: Instance): void {
  const { port, config, app } = instance.files;
  say('\nlog in (in another terminal):\n');
  say(
    `ssh -p ${port} -i ${instance.keyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${instance.knownHosts} ${user}@127.0.0.1`,
  );
  say('\nadminister this instance (as root):\n');
  say(`${app}/bin/jailctl --config ${config} jail list`);
  say('');
}

/** Resolves at Ctrl-C. Listens from the start: what is half made when it comes is finished and removed. */
const asked = new Promise<'asked'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => resolve('asked'));
  }
});

async function main(check: boolean): Promise<number> {
  const instance = await Instance.make('demo', {}, { ownTemplates: true });
  try {
    await instance.addAccount(user);
    await writeKnownHosts(instance);
    giveKeyToCaller(instance);
    printLines(instance);
    if (check) {
      return (await checkDemo(instance, user, say)) ? 0 : 1;
    }
    say('Ctrl-C ends the server and removes everything it made.');
    const how = await Promise.race([asked, instance.server.ended.then(() => 'the server ended' as const)]);
    say(how === 'asked' ? '\nremoving ...' : `\n${how}; see ${instance.files.directory}/serve.log`);
    return how === 'asked' ? 0 : 1;
  } finally {
    await instance.remove();
    say(`removed ${instance.files.directory} and all that belonged to it`);
  }
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
process.exitCode = await main(values.check);
