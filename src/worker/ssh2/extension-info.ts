import { userSignatureAlgorithms } from './algorithms.js';
import { message } from './messages.js';
import { buildPayload } from './wire.js';

/**
 * Our EXT_INFO (RFC 8308 section 2.3). The library's own lacks a comma, so that clients never learn of rsa-sha2-512 and P-521.
 * `ping@openssh.com`: OpenSSH's clients use it to hide the timing of keystrokes.
 */
export function buildExtensionInfo(): Buffer {
  return buildPayload(
    message.extensionInfo,
    2,
    'server-sig-algs',
    userSignatureAlgorithms.join(','),
    'ping@openssh.com',
    '0',
  );
}
