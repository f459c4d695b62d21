import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../base/project-root.js';
import { loadConfig } from '../config/load.js';
import { toAdminText, toExitStatus } from '../errors/presentation.js';
import { commandTable } from './commands/table.js';
import { Output } from './output.js';
import { parseCommandLine } from './program.js';

/** Runs one command line; returns the exit status. Never throws: a fault is told on standard error. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(commandTable, readVersion(), words);
  if ('exitStatus' in parsed) return parsed.exitStatus;
  const output = new Output(parsed.format);
  try {
    const { command, options } = parsed;
    const config = loadConfig(parsed.configFile);
    return await command.run({ config, output, arguments: parsed.arguments, options });
  } catch (error) {
    // Expected: any fault of a verb, each with a code of its own.
    output.say(`jailctl: ${toAdminText(error)}`);
    return toExitStatus(error);
  }
}

/** The version in package.json. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  return String((manifest as { version?: unknown }).version ?? 'unknown');
}
