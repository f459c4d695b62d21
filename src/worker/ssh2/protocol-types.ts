/**
 * The parts of ssh2's protocol engine that this folder touches. They are not documented; the version is pinned and
 * `self-check.ts` proves each assumption before a worker says that it is ready.
 */

/** One running key exchange (`KeyExchange` in ssh2's kex.js). */
export interface LibraryKeyExchange {
  readonly type: 'ecdh' | 'group' | '25519';
  readonly hashName: string;
  readonly negotiated: { readonly serverHostKey: string; readonly kex: string };
  remoteExtInfoEnabled: boolean;
  readonly sessionID: Buffer | undefined;
  readonly _kexinit: Buffer;
  readonly _remoteKexinit: Buffer;
  readonly _identRaw: Buffer;
  readonly _remoteIdentRaw: Buffer;
  readonly _dhData: Buffer;
  convertPublicKey(share: Buffer): Buffer;
  getPublicKey(): Buffer;
  computeSecret(share: Buffer): Buffer | Error;
}

export interface LibraryPacketWriter {
  readonly allocStart: number;
  readonly allocStartKEX: number;
  alloc(payloadBytes: number, force?: boolean): Buffer;
  finalize(packet: Buffer, force?: boolean): Buffer;
}

/** The host key as the engine uses it: only these three members. */
export interface LibraryHostKey {
  readonly type: string;
  getPublicSSH(): Buffer;
  sign(hash: Buffer): Buffer | Error;
}

export interface LibraryProtocol {
  _kex: LibraryKeyExchange | undefined;
  _kexinit: Buffer | undefined;
  _compatFlags: number;
  _skipNextInboundPacket: boolean;
  readonly _offer: {
    readonly lists: {
      readonly kex: { readonly array: readonly string[] };
      readonly serverHostKey: { readonly array: readonly string[] };
    };
  };
  _strictMode: boolean | undefined;
  readonly _handlers: { readonly receive?: (payload: Buffer) => void };
  readonly _packetRW: { readonly write: LibraryPacketWriter };
  readonly _cipher: { readonly outSeqno: number };
  readonly _decipher: { readonly inSeqno: number };
  readonly _destruct: unknown;
  readonly _debug: unknown;
  _onHandshakeComplete: (negotiated: object) => void;
  parse(chunk: Buffer, start: number, end: number): void;
  cleanup(): void;
  rekey(): void;
  channelData(recipient: number, data: Buffer): void;
  channelExtData(recipient: number, data: Buffer, type: number): void;
}

export interface LibraryOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cs: LibraryDirection;
  readonly sc: LibraryDirection;
}

export interface LibraryDirection {
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
  readonly compress: readonly string[];
  readonly lang: readonly string[];
}

export interface LibraryProtocolOptions {
  readonly server: true;
  readonly ident: Buffer;
  readonly hostKeys: Readonly<Record<string, LibraryHostKey>>;
  readonly offer: LibraryOffer;
  readonly onWrite: (packet: Buffer) => void;
  readonly onError: (error: Error) => void;
  readonly onHeader: (header: { readonly identRaw: string }) => void;
  readonly onHandshakeComplete: (negotiated: object) => void;
  readonly messageHandlers: {
    readonly receive: (payload: Buffer) => void;
    readonly DISCONNECT: (protocol: LibraryProtocol, reason: number, text: string) => void;
  };
}

export type LibraryMessageHandler = (protocol: LibraryProtocol, payload: Buffer) => unknown;
