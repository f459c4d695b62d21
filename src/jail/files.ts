import { spawn } from 'node:child_process';
import { JaildError } from '../errors/jaild-error.js';
import { decodeFields, encodeFields, type Field, type FieldsReader, fieldsLimits } from '../privsep/fields.js';
import { toFailure } from '../privsep/fields-client.js';

const maxReplyBytes = 16 * 1024 * 1024;
const maxComplaintBytes = 8192;

/** A jail's own files: the directory that holds upper/ and work/, and the first id of their owner. */
export interface JailFiles {
  readonly dir: string;
  readonly base: number;
}

/**
 * Work on a jail's own files. They are hostile, so that nothing here touches them: `jail-keeper files` does, as the jail's mapped root.
 * Faults: `jail-files-failed` (with step and path), `keeper-missing`.
 */
export class JailFilesTool {
  readonly #keeperPath: string;
  readonly #deadlineMs: number;

  constructor(keeperPath: string, deadlineMs = 600_000) {
    this.#keeperPath = keeperPath;
    this.#deadlineMs = deadlineMs;
  }

  /** Makes upper/ and work/; what is there already stays. */
  async create(files: JailFiles): Promise<void> {
    await this.#run('create', toFields(files));
  }

  /** Empties the jail back to its template; paths in `keep` (relative) stay. */
  async reset(files: JailFiles, keep: readonly string[]): Promise<void> {
    await this.#run('reset', [...toFields(files), ...keep.map((path): Field => ['keep', path])]);
  }

  /** Removes all that the jail owns; upper/ and work/ themselves are removed too. */
  async delete(files: JailFiles): Promise<void> {
    await this.#run('delete', toFields(files));
  }

  /** How much the jail's own files take. */
  async count(files: JailFiles): Promise<{ bytes: number; inodes: number }> {
    const reply = await this.#run('count', toFields(files));
    return { bytes: reply.requireNumber('bytes'), inodes: reply.requireNumber('inodes') };
  }

  /** Content of one file of the jail, read through its layers (`lower`, topmost first). */
  async read(files: JailFiles, path: string, maxBytes: number, lower: readonly string[]): Promise<Buffer> {
    const layers = lower.map((layer): Field => ['lower', layer]);
    const reply = await this.#run('read', [...toFields(files), ['path', path], ['max-bytes', maxBytes], ...layers]);
    return reply.bytes('data') ?? Buffer.alloc(0);
  }

  #run(verb: string, fields: readonly Field[]): Promise<FieldsReader> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#keeperPath, ['files', verb], { stdio: 'pipe', env: {}, cwd: '/', detached: true });
      const output = collect(child.stdout, maxReplyBytes);
      const complaint = collect(child.stderr, maxComplaintBytes);
      const timer = setTimeout(() => child.kill('SIGKILL'), this.#deadlineMs);
      child.stdin.on('error', () => undefined); // expected: EPIPE when it refused early; its reply says why
      child.once('error', (cause) => {
        clearTimeout(timer);
        reject(new JaildError('keeper-missing', `${this.#keeperPath} cannot be started`, { cause }));
      });
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        try {
          resolve(readReply(verb, output(), `${signal ?? code}: ${complaint().toString('utf8').trim()}`));
        } catch (fault) {
          reject(fault); // expected: the reply is a failure or no reply
        }
      });
      child.stdin.end(encodeFields(fields, fieldsLimits.specBytes));
    });
  }
}

function toFields(files: JailFiles): Field[] {
  return [
    ['dir', files.dir],
    ['base', files.base],
  ];
}

function collect(stream: NodeJS.ReadableStream, limitBytes: number): () => Buffer {
  const pieces: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= limitBytes) pieces.push(piece);
  });
  return () => Buffer.concat(pieces);
}

function readReply(verb: string, reply: Buffer, ending: string): FieldsReader {
  if (reply.length === 0) {
    throw new JaildError('jail-files-failed', `"jail-keeper files ${verb}" ended without an answer (${ending})`);
  }
  const fields = decodeFields(reply, maxReplyBytes);
  if (fields.text('ok') === '1') return fields;
  const failure = toFailure(`jail-keeper files ${verb}`, fields);
  throw new JaildError('jail-files-failed', failure.message, { fields: failure.fields });
}
