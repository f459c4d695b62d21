import { existsSync } from 'node:fs';
import { InvalidValueError } from '../base/invalid-value.js';
import { type AuthorizedKey, parseAuthorizedKeys, parseKeyLine } from '../broker/authorized-keys.js';
import { fingerprintOf } from '../broker/host-keys.js';
import type { CliContext } from './context.js';
import { readFileOrStdin } from './read-input.js';

/** A key line of an account as it is shown; `reason` when it cannot be used. */
export interface KeyRow {
  readonly index: number;
  readonly fingerprint: string;
  readonly type: string;
  readonly comment: string;
  readonly options: string;
  readonly reason: string;
}

/**
 * Key lines from a file of authorized_keys(5) lines, from standard input (`-`), or the word itself when it is a line. Every line must be
 * one that a login could use: whoever gives a key that will not work learns it here. Comment lines are left out.
 */
export async function readKeys(context: CliContext, source: string): Promise<string[]> {
  const isLine = source.includes(' ') && !existsSync(source);
  const text = isLine ? source : await readFileOrStdin(context.streams, source);
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const where = isLine ? 'the key' : source;
  if (lines.length === 0) throw new InvalidValueError(`${where} holds no public key`);
  const { refused } = parseAuthorizedKeys(lines, context.config.auth.minRsaBits);
  const [first] = refused;
  if (first !== undefined)
    throw new InvalidValueError(`${where}, key ${first.line}: ${describe(lines[first.line - 1] ?? '', first.reason)}`);
  return lines;
}

/** The keys of an account, in order, with what is wrong with those that cannot be used. */
export function toKeyRows(lines: readonly string[], minRsaBits: number): KeyRow[] {
  return lines.map((line, position) => {
    const index = position + 1;
    try {
      return { index, reason: '', ...describeKey(parseKeyLine(line, minRsaBits), line) };
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      return { index, fingerprint: '', type: '', comment: '', options: '', reason: error.message };
    }
  });
}

function describeKey(
  parsed: AuthorizedKey,
  line: string,
): Pick<KeyRow, 'fingerprint' | 'type' | 'comment' | 'options'> {
  const [, before = '', type = '', base64 = ''] =
    /^(.*?)((?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/=]{16,})/s.exec(line.trim()) ?? [];
  return {
    fingerprint: fingerprintOf(Buffer.from(base64, 'base64')),
    type,
    comment: parsed.comment,
    options: before.trim(),
  };
}

function describe(line: string, reason: string): string {
  return line.includes('PRIVATE KEY') ? 'this is a private key; give the public one (.pub)' : reason;
}
