const defaultCap = 256;

/** Escapes what could move a cursor, forge a line or reorder text: C0, DEL, C1, line separators, bidi and invisible controls, lone surrogates. */
const dangerous =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb\\]|\p{Cs}|[\u{e0000}-\u{e007f}]/gu;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/**
 * Makes text from the network, a jail or a file safe to print in a log or on a terminal.
 * Bytes that are not UTF-8 become `\xNN`, control and direction characters `\u{N}`; the result is cut after `cap` characters with a
 * note of what is missing. The mapping keeps different inputs apart (a backslash is doubled).
 */
export function escapeUntrusted(value: string | Uint8Array, cap: number = defaultCap): string {
  const slack = value.slice(0, cap * 4);
  const text = typeof slack === 'string' ? slack.replace(dangerous, escapeCharacter) : escapeBytes(slack);
  const missing = value.length - slack.length;
  if (text.length <= cap && missing === 0) return text;
  const kept = dropHalfEscape(text.slice(0, cap));
  return `${kept}...(${value.length} ${typeof value === 'string' ? 'characters' : 'bytes'})`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return named[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`);
}

function escapeBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const part = bytes.subarray(at, at + length);
    const character = decodeOne(decoder, part, length);
    if (character === null) {
      text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    } else {
      text += character.replace(dangerous, escapeCharacter);
      at += length;
    }
  }
  return text;
}

function decodeOne(decoder: InstanceType<typeof TextDecoder>, part: Uint8Array, length: number): string | null {
  if (part.length < length) return null;
  try {
    return decoder.decode(part);
  } catch {
    return null; // expected: not UTF-8
  }
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

function dropHalfEscape(text: string): string {
  const tail = /\\(?:x[0-9a-f]?|u(?:\{[0-9a-f]*)?)?$/.exec(text);
  if (tail === null) return text.replace(/[\ud800-\udbff]$/, '');
  const before = text.slice(0, tail.index);
  const backslashes = /\\*$/.exec(before)?.[0].length ?? 0;
  return backslashes % 2 === 0 ? before : text;
}
