import { spawn } from 'node:child_process';

/** A command failed; the message shows its last output. */
class CommandFailed extends Error {}

/**
 * Runs a program (argument vector, no shell) and gives its stdout.
 * Its output is kept and shown only when it fails, so that a good run stays short; `show` passes it through instead.
 */
export function run(program, args, { cwd, env, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    const all = [];
    const out = [];
    child.stdout?.on('data', (chunk) => {
      all.push(chunk);
      out.push(chunk);
    });
    child.stderr?.on('data', (chunk) => all.push(chunk));
    child.on('error', (error) =>
      reject(new CommandFailed(`${program} could not be started: ${error.message}`, { cause: error })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(out).toString());
        return;
      }
      const tail = Buffer.concat(all).toString().trim().split('\n').slice(-40).join('\n');
      const how = signal === null ? `ended with status ${code}` : `was ended by ${signal}`;
      reject(new CommandFailed(`${program} ${args.join(' ')} ${how}${tail === '' ? '' : `:\n${tail}`}`));
    });
  });
}
