import { spawn } from 'node:child_process';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';

const program = '/usr/sbin/nft';
const deadlineMs = 10_000;
const maxOutputBytes = 256 * 1024;

/** Runs nft with a ruleset on its standard input; one transaction. Fault: `jail-network-failed` with what nft said. */
export async function applyRules(rules: string): Promise<void> {
  await runNft(['-f', '-'], rules);
}

/** Names of the tables of all jaild instances of this host (`jaild_XXXX`). */
export async function listInstanceTables(): Promise<string[]> {
  const output = await runNft(['list', 'tables'], '');
  return [...output.matchAll(/^table inet (jaild_[0-9a-f]{4})$/gm)].map((match) => match[1] ?? '');
}

function runNft(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', env: {}, cwd: '/', detached: true });
    let output = '';
    let complaint = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < maxOutputBytes) output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < maxOutputBytes) complaint += text;
    });
    child.stdin.on('error', () => undefined); // expected: EPIPE when nft refused early; its exit status says so
    child.once('error', (cause) => {
      clearTimeout(timer);
      const what = isAbsent(cause) ? 'nft is not installed (apt-get install nftables)' : 'nft cannot be started';
      reject(new JaildError('jail-network-failed', what, { cause }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else reject(new JaildError('jail-network-failed', `nft ended with ${signal ?? code}: ${complaint.trim()}`));
    });
    child.stdin.end(input);
  });
}
