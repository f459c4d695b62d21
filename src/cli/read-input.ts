import { readFile } from 'node:fs/promises';
import { isAbsent, isForbidden } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import type { CliStreams } from './terminal.js';

const maxInputBytes = 1 << 20;

/** All of standard input, at most 1 MiB. */
export async function readStdin(streams: CliStreams): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of streams.stdin) {
    const bytes = Buffer.from(part as Buffer);
    length += bytes.length;
    if (length > maxInputBytes) throw new JaildError('usage', `more than ${maxInputBytes} bytes on standard input`);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** A password from standard input: the first line, without its end. Not a character of it is shown or logged. */
export async function readPasswordLine(streams: CliStreams): Promise<Buffer> {
  const input = await readStdin(streams);
  const end = input.indexOf(0x0a);
  const line = end === -1 ? input : input.subarray(0, end);
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}

/** The text of a file, or of standard input for `-`. */
export async function readFileOrStdin(streams: CliStreams, file: string): Promise<string> {
  if (file === '-') return (await readStdin(streams)).toString('utf8');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = isAbsent(error) ? 'there is no such file' : isForbidden(error) ? 'no permission' : 'it cannot be read';
    throw new JaildError('usage', `${file}: ${why}`, { cause: error });
  }
}
