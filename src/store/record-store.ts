import { type BigIntStats, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAbsent } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { createFileAtomically, removeFile, writeFileAtomically } from './atomic-file.js';
import { withLock } from './lock.js';
import { damagedMark, moveAside } from './move-aside.js';
import { formatRecord, parseRecord, type RecordKind } from './record-codec.js';

/** How one kind of record lies on disk. */
export interface RecordPlace<Name extends string, Value> {
  readonly kind: RecordKind<Value>;
  readonly folder: string;
  fileOf(name: Name): string;
  nameOf(value: Value): Name;
  /** The record's name when `entry` of the folder can be one, else undefined. */
  entryName(entry: string): Name | undefined;
  /** Told when a damaged record was moved aside. */
  onQuarantine?: ((file: string, movedTo: string, error: JaildError) => void) | undefined;
}

interface Cached<Value> {
  readonly stamp: string;
  readonly value: Value;
}

const cacheLimit = 20_000;
const maxRecordBytes = 1 << 20;

/**
 * Records of one kind. Reads are fresh (each asks the file's inode, size and times; an unchanged file is not parsed again).
 * Changes hold the folder's lock, so that jailctl processes and the broker do not overwrite each other.
 * Never deletes what it cannot read: a damaged record is moved to `FILE.damaged-TIME` and its name answers `record-damaged` from then on.
 */
export class RecordStore<Name extends string, Value> {
  readonly #place: RecordPlace<Name, Value>;
  readonly #cache = new Map<string, Cached<Value>>();

  constructor(place: RecordPlace<Name, Value>) {
    this.#place = place;
  }

  /** The record, or undefined when there is none. Faults: `record-damaged`, `record-too-new`, `record-invalid`, `internal`. */
  async find(name: Name): Promise<Value | undefined> {
    const file = this.#place.fileOf(name);
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) {
      this.#cache.delete(file);
      this.#refuseQuarantined(file);
      return undefined;
    }
    const stamp = stampOf(stats);
    const cached = this.#cache.get(file);
    if (cached?.stamp === stamp) return cached.value;
    const value = await this.#read(file, stamp, stats);
    if (value === undefined) return undefined;
    if (this.#cache.size >= cacheLimit) this.#cache.clear();
    this.#cache.set(file, { stamp, value });
    return value;
  }

  /** The record; `record-missing` when there is none. */
  async require(name: Name): Promise<Value> {
    const value = await this.find(name);
    if (value === undefined)
      throw new JaildError('record-missing', `there is no ${this.#place.kind.kind} ${name}`, { fields: { name } });
    return value;
  }

  /** All names that have a record, in order. Says nothing of whether each can be read. */
  listNames(): Name[] {
    try {
      const names = readdirSync(this.#place.folder)
        .sort((left, right) => (left < right ? -1 : 1))
        .map((entry) => this.#place.entryName(entry));
      return names.filter((name): name is Name => name !== undefined && this.#isFile(name));
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  #isFile(name: Name): boolean {
    return statSync(this.#place.fileOf(name), { throwIfNoEntry: false })?.isFile() === true;
  }

  /** All records that can be read, and the faults of those that cannot. */
  async list(): Promise<{ values: Value[]; faults: JaildError[] }> {
    const values: Value[] = [];
    const faults: JaildError[] = [];
    for (const name of this.listNames()) {
      try {
        const value = await this.find(name);
        if (value !== undefined) values.push(value);
      } catch (error) {
        if (!isJaildError(error)) throw error;
        faults.push(error);
      }
    }
    return { values, faults };
  }

  /** Writes a new record. Faults: `record-exists`, `record-damaged` (a quarantined one holds the name), `store-unwritable`. */
  async create(value: Value): Promise<void> {
    const file = this.#place.fileOf(this.#place.nameOf(value));
    await this.#locked(async () => {
      this.#refuseQuarantined(file);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      await createFileAtomically(file, this.#encode(value, file));
    });
  }

  /** Reads, changes and writes under the lock; answers the new record. The name cannot change. */
  async change(name: Name, edit: (value: Value) => Value): Promise<Value> {
    const file = this.#place.fileOf(name);
    return await this.#locked(async () => {
      const value = edit(await this.require(name));
      if (this.#place.nameOf(value) !== name)
        throw new JaildError('record-invalid', `a record cannot change its name (${name})`, { fields: { name } });
      await writeFileAtomically(file, this.#encode(value, file));
      return value;
    });
  }

  /** Removes the record's file. Faults: `record-missing`. */
  async remove(name: Name): Promise<void> {
    await this.#locked(async () => {
      const removed = await removeFile(this.#place.fileOf(name));
      if (!removed)
        throw new JaildError('record-missing', `there is no ${this.#place.kind.kind} ${name}`, { fields: { name } });
    });
  }

  async #locked<Result>(work: () => Promise<Result>): Promise<Result> {
    mkdirSync(this.#place.folder, { recursive: true, mode: 0o700 });
    return await withLock(join(this.#place.folder, '.lock'), work);
  }

  /** What is written must read back: a value that our own parser refuses never reaches the disk. */
  #encode(value: Value, file: string): string {
    const text = formatRecord(this.#place.kind, value);
    parseRecord(this.#place.kind, text, file);
    return text;
  }

  async #read(file: string, stamp: string, stats: BigIntStats): Promise<Value | undefined> {
    try {
      if (!stats.isFile() || stats.size > maxRecordBytes)
        throw new JaildError('record-damaged', `${file} is not a record (no file, or too large)`, { fields: { file } });
      return parseRecord(this.#place.kind, readFileSync(file, 'utf8'), file);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (isJaildError(error, 'record-damaged')) throw await this.#quarantine(file, stamp, error);
      throw error;
    }
  }

  async #quarantine(file: string, stamp: string, error: JaildError): Promise<JaildError> {
    let movedTo: string;
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || stampOf(stats) !== stamp) return error;
    try {
      movedTo = await moveAside(file);
    } catch (cause) {
      // expected: EROFS, EACCES; the record then stays where it is and is refused at each read
      return new JaildError('record-damaged', `${error.message}; it could not be moved aside`, {
        fields: { file },
        cause,
      });
    }
    this.#place.onQuarantine?.(file, movedTo, error);
    return quarantined(file, movedTo, error);
  }

  #refuseQuarantined(file: string): void {
    const prefix = `${basename(file)}${damagedMark}`;
    const moved = quarantinedNames(dirname(file)).find((name) => name.startsWith(prefix));
    if (moved !== undefined) throw quarantined(file, join(dirname(file), moved));
  }
}

function quarantined(file: string, movedTo: string, cause?: JaildError): JaildError {
  const why = cause === undefined ? '' : `${cause.message}. `;
  return new JaildError(
    'record-damaged',
    `${why}${file} was damaged and is kept as ${movedTo}; repair it and move it back, or remove it to give the name up`,
    {
      fields: { file, movedTo },
    },
  );
}

const folders = new Map<string, { stamp: string; names: readonly string[] }>();

/** Names of moved-aside records in a folder; the folder is only listed again when it has changed. */
function quarantinedNames(folder: string): readonly string[] {
  const stats = statSync(folder, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return [];
  const stamp = stampOf(stats);
  const known = folders.get(folder);
  if (known?.stamp === stamp) return known.names;
  const names = readdirSync(folder).filter((name) => name.includes(damagedMark));
  if (folders.size > cacheLimit) folders.clear();
  folders.set(folder, { stamp, names });
  return names;
}

function stampOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
