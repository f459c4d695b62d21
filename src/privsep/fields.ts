import { JaildError } from '../errors/jaild-error.js';

/** Version of the fields format: the fourth-to-last header byte of every message to and from native code. */
const fieldsVersion = 1;

/** Bounds of the format: one socket message, one jail spec, fields in one message. */
export const fieldsLimits = { messageBytes: 64 * 1024, specBytes: 256 * 1024, fields: 4096, nameBytes: 32 } as const;

const header = Buffer.from([0x4a, 0x46, fieldsVersion, 0]);
const namePattern = /^[a-z][a-z0-9.-]{0,31}$/;

/** One field. A string becomes UTF-8 and may hold no NUL; an array becomes a tuple, its parts joined by NUL. */
export type FieldValue = string | number | Buffer | readonly (string | number | Buffer)[];
export type Field = readonly [name: string, value: FieldValue];

/**
 * Makes one message for native code: "JF", version, 0, then per field u8 name length, u32le value length, name, value.
 * Throws `fields-malformed` when a name, a text, the count or the size (`limitBytes`) is outside the format.
 */
export function encodeFields(fields: readonly Field[], limitBytes: number = fieldsLimits.messageBytes): Buffer {
  if (fields.length > fieldsLimits.fields) {
    throw new JaildError('fields-malformed', `${fields.length} fields are more than ${fieldsLimits.fields}`);
  }
  const parts: Buffer[] = [header];
  let bytes = header.length;
  for (const [name, value] of fields) {
    if (!namePattern.test(name)) {
      throw new JaildError('fields-malformed', `"${name}" is not a field name`);
    }
    const data = toBytes(name, value);
    const head = Buffer.allocUnsafe(5 + name.length);
    head.writeUInt8(name.length, 0);
    head.writeUInt32LE(data.length, 1);
    head.write(name, 5, 'latin1');
    bytes += head.length + data.length;
    parts.push(head, data);
  }
  if (bytes > limitBytes) {
    throw new JaildError('fields-malformed', `a message of ${bytes} bytes is larger than ${limitBytes}`);
  }
  return Buffer.concat(parts, bytes);
}

function toBytes(name: string, value: FieldValue): Buffer {
  if (Buffer.isBuffer(value)) {
    return value;
  }
  if (typeof value === 'number') {
    return Buffer.from(toDecimal(name, value), 'latin1');
  }
  if (typeof value === 'string') {
    return toText(name, value);
  }
  const parts = value.flatMap((part, index) => {
    const bytes = toBytes(name, part);
    if (bytes.includes(0)) {
      throw new JaildError('fields-malformed', `a part of field ${name} holds a NUL`);
    }
    return index === 0 ? [bytes] : [Buffer.of(0), bytes];
  });
  return Buffer.concat(parts);
}

function toText(name: string, value: string): Buffer {
  if (value.includes('\0')) {
    throw new JaildError('fields-malformed', `the text of field ${name} holds a NUL`);
  }
  return Buffer.from(value, 'utf8');
}

function toDecimal(name: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new JaildError('fields-malformed', `field ${name} is not a whole number`);
  }
  return String(value);
}

/** A decoded message: values by name, in their order of arrival. */
export class FieldsReader {
  readonly #values: ReadonlyMap<string, readonly Buffer[]>;

  constructor(values: ReadonlyMap<string, readonly Buffer[]>) {
    this.#values = values;
  }

  /** Names that occur, each once. */
  names(): string[] {
    return [...this.#values.keys()];
  }

  /** The bytes of a field that may stand at most once. */
  bytes(name: string): Buffer | undefined {
    const values = this.#values.get(name);
    if (values !== undefined && values.length > 1) {
      throw new JaildError('fields-malformed', `field ${name} is repeated`);
    }
    return values?.[0];
  }

  /** The text of a field that may stand at most once; bytes that are no UTF-8 are replaced. */
  text(name: string): string | undefined {
    const value = this.bytes(name);
    if (value?.includes(0) === true) {
      throw new JaildError('fields-malformed', `the text of field ${name} holds a NUL`);
    }
    return value?.toString('utf8');
  }

  /** The number of a field that may stand at most once. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) {
      return undefined;
    }
    const value = Number(text);
    if (!/^-?\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
      throw new JaildError('fields-malformed', `field ${name} is not a whole number`);
    }
    return value;
  }

  /** All tuples of a field that may repeat, each split at its NULs. */
  tuples(name: string): string[][] {
    return (this.#values.get(name) ?? []).map((value) => value.toString('utf8').split('\0'));
  }

  /** The text of a field that must stand once. */
  requireText(name: string): string {
    return this.text(name) ?? missing(name);
  }

  /** The number of a field that must stand once. */
  requireNumber(name: string): number {
    return this.number(name) ?? missing(name);
  }
}

function missing(name: string): never {
  throw new JaildError('fields-malformed', `field ${name} is missing`);
}

/** Reads one message of native code. Throws `fields-malformed`, or `fields-version` when it is of a later version. */
export function decodeFields(message: Buffer, limitBytes: number = fieldsLimits.messageBytes): FieldsReader {
  checkHeader(message, limitBytes);
  const values = new Map<string, Buffer[]>();
  let offset = header.length;
  let count = 0;
  while (offset < message.length) {
    const field = readField(message, offset);
    count += 1;
    if (count > fieldsLimits.fields) {
      throw new JaildError('fields-malformed', `more than ${fieldsLimits.fields} fields`);
    }
    const known = values.get(field.name);
    if (known === undefined) {
      values.set(field.name, [field.value]);
    } else {
      known.push(field.value);
    }
    offset = field.end;
  }
  return new FieldsReader(values);
}

function checkHeader(message: Buffer, limitBytes: number): void {
  if (message.length < header.length || message[0] !== header[0] || message[1] !== header[1]) {
    throw new JaildError('fields-malformed', 'not a fields message');
  }
  if (message.length > limitBytes) {
    throw new JaildError('fields-malformed', `a message of ${message.length} bytes is larger than ${limitBytes}`);
  }
  const version = message.readUInt8(2);
  if (version > fieldsVersion) {
    throw new JaildError('fields-version', `version ${version} is newer than ${fieldsVersion}`);
  }
  if (version !== fieldsVersion || message[3] !== 0) {
    throw new JaildError('fields-malformed', 'the header of a fields message is damaged');
  }
}

function readField(message: Buffer, offset: number): { name: string; value: Buffer; end: number } {
  if (offset + 5 > message.length) {
    throw new JaildError('fields-malformed', 'a field is cut off');
  }
  const nameEnd = offset + 5 + message.readUInt8(offset);
  const end = nameEnd + message.readUInt32LE(offset + 1);
  if (end > message.length) {
    throw new JaildError('fields-malformed', 'a field is cut off');
  }
  const name = message.toString('latin1', offset + 5, nameEnd);
  if (!namePattern.test(name)) {
    throw new JaildError('fields-malformed', 'a field name is outside the format');
  }
  return { name, value: message.subarray(nameEnd, end), end };
}
