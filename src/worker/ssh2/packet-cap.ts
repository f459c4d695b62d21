import Module from 'node:module';

/** What one inbound packet may measure; the same as OpenSSH's PACKET_MAX_SIZE, so that a long command works as with sshd. */
export const packetCapBytes = 256 * 1024;

const original = 'const MAX_PACKET_SIZE = 35000;';
const replacement = `const MAX_PACKET_SIZE = ${packetCapBytes};`;

/** The library's text with the larger cap. Throws when the line is not there exactly once: then it is not the version we know. */
export function raisePacketCap(source: string): string {
  const parts = source.split(original);
  if (parts.length !== 2) throw new Error(`the packet cap of ssh2 was found ${parts.length - 1} times, not once`);
  return parts.join(replacement);
}

interface CompilingModule {
  _compile(this: unknown, content: string, fileName: string, ...more: unknown[]): unknown;
}

/**
 * Runs `load` while the file `fileName` is compiled with the larger cap; nothing on disk is changed.
 * Throws when the file was not compiled during `load` (it was loaded before, without the cap).
 */
export function withRaisedPacketCap<Value>(fileName: string, load: () => Value): Value {
  const prototype = Module.prototype as unknown as CompilingModule;
  const compile = prototype._compile;
  let compiled = false;
  prototype._compile = function (content, name, ...more) {
    compiled ||= name === fileName;
    return compile.call(this, name === fileName ? raisePacketCap(content) : content, name, ...more);
  };
  try {
    const value = load();
    if (!compiled) throw new Error('ssh2 was loaded before its packet cap could be raised');
    return value;
  } finally {
    prototype._compile = compile;
  }
}
