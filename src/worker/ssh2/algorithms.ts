import type { LibraryOffer } from './protocol-types.js';

/**
 * Key exchange in our order of preference. Left out: group-exchange (the library's server does not implement it and dies of it),
 * groups 17 and 18 (8.6 ms of the only thread), all of SHA-1.
 */
export const keyExchanges = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
] as const;

export const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

export const macs = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;

/** Signature algorithms for user keys that the broker verifies (announced by `server-sig-algs`, RFC 8308). */
export const userSignatureAlgorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/** The whole offer of our KEXINIT. Compression is never offered: inflating has no useful limit in the library. */
export function planOffer(hostKeyAlgorithms: readonly string[]): LibraryOffer {
  const direction = { cipher: ciphers, mac: macs, compress: ['none'], lang: [] };
  return { kex: [...keyExchanges], serverHostKey: hostKeyAlgorithms, cs: direction, sc: direction };
}
