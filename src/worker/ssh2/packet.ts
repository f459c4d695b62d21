import { loadLibrary } from './library.js';
import type { LibraryProtocol } from './protocol-types.js';

/** Sends one payload through the engine; during a key exchange it waits in the engine's queue. */
export function sendPayload(protocol: LibraryProtocol, payload: Buffer): void {
  const writer = protocol._packetRW.write;
  const start = writer.allocStart;
  const packet = writer.alloc(payload.length);
  packet.set(payload, start);
  loadLibrary().sendPacket(protocol, writer.finalize(packet));
}

/** Sends one payload at once, also in the middle of a key exchange: a disconnect may do that. */
export function sendUrgentPayload(protocol: LibraryProtocol, payload: Buffer): void {
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(payload.length, true);
  packet.set(payload, writer.allocStartKEX);
  loadLibrary().sendPacket(protocol, writer.finalize(packet, true), true);
}
