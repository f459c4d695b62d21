import { WireReader } from './ssh2/wire.js';

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** What a pty-req asks for. */
export interface TerminalRequest extends WindowSize {
  readonly term: string;
  readonly modes: [opcode: number, value: number][];
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/;
const unknownTerminal = 'dumb';
const endOfModes = 0;
/** Opcodes from here on have no defined argument: parsing stops (RFC 4254 section 8). */
const firstUndefined = 160;
const largestSide = 65_535;

/**
 * Reads the body of a pty-req. A terminal name that is no plain word becomes `dumb` (it names a file in terminfo inside), sizes are
 * cut to what a terminal can hold. Throws WireError when the mode list is cut off.
 */
export function parseTerminalRequest(body: Buffer): TerminalRequest {
  const reader = new WireReader(body);
  const name = reader.string().toString('latin1');
  const size = readWindowSize(reader);
  return { term: namePattern.test(name) ? name : unknownTerminal, ...size, modes: parseModes(reader.string()) };
}

/** Reads the body of a window-change. */
export function parseWindowChange(body: Buffer): WindowSize {
  return readWindowSize(new WireReader(body));
}

function readWindowSize(reader: WireReader): WindowSize {
  const side = () => Math.min(reader.uint32(), largestSide);
  return { columns: side(), rows: side(), widthPixels: side(), heightPixels: side() };
}

function parseModes(bytes: Buffer): [number, number][] {
  const modes = new Map<number, number>();
  const reader = new WireReader(bytes);
  for (let at = 0; at < bytes.length; at += 5) {
    const opcode = reader.byte();
    if (opcode === endOfModes || opcode >= firstUndefined) break;
    modes.set(opcode, reader.uint32());
  }
  return [...modes];
}
