#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../base/project-root.js';
import { runCli } from '../cli/main.js';
import { toAdminText, toExitStatus } from '../errors/presentation.js';

/** Only what a session inside may see; the rest of the caller's environment stays outside. */
const passed = ['TERM', 'LANG', 'LC_ALL', 'LC_CTYPE', 'COLORTERM'] as const;

const interrupted = new AbortController();
// The first asks the work to end in order; the second ends the process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());

const manifest = readFileSync(join(projectRoot, 'package.json'), 'utf8');
const environment = Object.fromEntries(passed.map((name) => [name, process.env[name]]));
const { stdin, stdout, stderr } = process;

try {
  process.exitCode = await runCli(
    {
      streams: { stdin, stdout, stderr, environment },
      version: /"version": "([^"]+)"/.exec(manifest)?.[1] ?? 'unknown',
      signal: interrupted.signal,
    },
    process.argv.slice(2),
  );
} catch (error) {
  stderr.write(`jailctl: ${toAdminText(error)}\n`);
  process.exitCode = toExitStatus(error);
}
// What was written must have left before the process ends: a pipe takes it asynchronously.
await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
process.exit();
