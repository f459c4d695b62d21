import { createRequire } from 'node:module';

/** A terminal master in node-pty's hands. */
export interface WrappedMaster {
  readonly fd: number;
  resize(columns: number, rows: number): void;
  /** Closes the descriptor. */
  close(): void;
}

interface LibraryStream {
  _read(size: number): void;
  pause(): unknown;
  destroy(): unknown;
}

interface LibraryTerminal {
  readonly master: LibraryStream;
  resize(columns: number, rows: number): void;
}

interface LibraryModule {
  readonly native: { open: (columns: number, rows: number) => { master: number; slave: number; pty: string } };
  open(options: { cols: number; rows: number; encoding: null }): LibraryTerminal;
}

interface TtyModule {
  ReadStream: new (fd: number) => object;
}

/** The one version that the wrapping is written and tested for. */
const libraryVersion = '1.1.0';

const require = createRequire(import.meta.url);
let loaded: LibraryModule | undefined;

/** Loads node-pty once; throws when it is another version. */
function loadPtyLibrary(): LibraryModule {
  if (loaded !== undefined) return loaded;
  const { version } = require('node-pty/package.json') as { version: string };
  if (version !== libraryVersion) throw new Error(`node-pty is ${version}; the wrapping is for ${libraryVersion}`);
  loaded = require('node-pty') as LibraryModule;
  return loaded;
}

/** Stands where node-pty expects its slave's descriptor: there is none, the slave is inside the jail. */
const noSlave = -1;

/** What node-pty holds as its slave: `open` would read the user's input from a real one. */
class AbsentSlave {
  setEncoding(): void {}
  resume(): void {}
}

/**
 * Lets node-pty wrap a terminal master that was opened elsewhere (in a jail). Its `open` makes a terminal through `native.open` and
 * begins to read both ends through `tty.ReadStream`; both functions are replaced for this one call. Nothing reads the master but `OutputPump`:
 * node-pty's own reader loses the end of the output. The descriptor belongs to the result; `close` closes it.
 */
export function wrapMaster(master: number, columns: number, rows: number): WrappedMaster {
  const library = loadPtyLibrary();
  const tty = require('node:tty') as TtyModule;
  const { open } = library.native;
  const { ReadStream } = tty;
  library.native.open = () => ({ master, slave: noSlave, pty: '' });
  tty.ReadStream = new Proxy(ReadStream, {
    construct: (stream, [fd]: [number]) => (fd === noSlave ? new AbsentSlave() : new stream(fd)),
  });
  let terminal: LibraryTerminal;
  try {
    terminal = library.open({ cols: columns, rows, encoding: null });
  } finally {
    library.native.open = open;
    tty.ReadStream = ReadStream;
  }
  terminal.master._read = () => undefined; // `open` has scheduled a first read for the next turn
  terminal.master.pause();
  return {
    fd: master,
    resize: (width, height) => terminal.resize(width, height),
    close: () => void terminal.master.destroy(),
  };
}
