import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const keygen = 'ssh-keygen';

export type Pace = 'fast' | 'slow' | 'stalled';

export interface ClientResult {
  readonly output: Buffer;
  readonly errors: string;
  readonly code: number | null;
}

/** OpenSSH's own client with a fresh key, against one port on loopback. */
export class SshClient {
  readonly directory = mkdtempSync(join(tmpdir(), 'door-peer-client-'));
  readonly port: number;
  readonly keyFile = join(this.directory, 'key');

  constructor(port: number) {
    this.port = port;
    execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', this.keyFile]);
  }

  /** Options for ssh, scp and sftp alike (the port excepted: `-p` or `-P`). */
  options(): string[] {
    const set = [
      'IdentitiesOnly=yes',
      'UserKnownHostsFile=/dev/null',
      'StrictHostKeyChecking=no',
      'LogLevel=ERROR',
      'ConnectTimeout=10',
    ];
    return ['-F', 'none', '-i', this.keyFile, ...set.flatMap((option) => ['-o', option])];
  }

  spawn(flags: readonly string[], command?: string): ChildProcess {
    const rest = command === undefined ? [] : [command];
    return spawn('ssh', ['-p', String(this.port), ...this.options(), ...flags, 'alice@127.0.0.1', ...rest], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Runs one command to its end; reads its output at the given pace. */
  async run(
    command: string,
    options: { flags?: readonly string[]; input?: Buffer; pace?: Pace; deadlineMs?: number } = {},
  ): Promise<ClientResult> {
    const child = this.spawn(options.flags ?? [], command);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.deadlineMs ?? 30_000);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? Buffer.alloc(0));
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString('latin1');
    });
    const output = await readAt(child, options.pace ?? 'fast');
    const code = await ended;
    clearTimeout(timer);
    return { output, errors, code };
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function readAt(child: ChildProcess, pace: Pace): Promise<Buffer> {
  const stream = child.stdout;
  if (stream === null) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  if (pace === 'stalled') await new Promise((resolve) => setTimeout(resolve, 1_000));
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    if (pace === 'slow') await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return Buffer.concat(chunks);
}
