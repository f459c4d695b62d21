import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A user's key as ssh-keygen makes it: the authorized_keys line, the blob, and the private half for signing. */
export interface TestKey {
  readonly line: string;
  readonly blob: Buffer;
  readonly privateKey: KeyObject;
}

/** Runs ssh-keygen; `args` name type and size, e.g. `['-t', 'rsa', '-b', '2048']`. */
export function makeTestKey(args: readonly string[]): TestKey {
  const folder = mkdtempSync(join(tmpdir(), 'jaild-keys-'));
  try {
    const file = join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', ...args, '-m', 'PEM', '-N', '', '-C', 'test', '-f', file]);
    const line = readFileSync(`${file}.pub`, 'utf8').trim();
    const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64');
    const text = readFileSync(file, 'utf8');
    return {
      line,
      blob,
      privateKey: text.includes('OPENSSH PRIVATE') ? readOpenSshEd25519(text) : createPrivateKey(text),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** ssh-keygen writes Ed25519 keys in its own format only (PROTOCOL.key): the last 64 octets string is seed and public key. */
function readOpenSshEd25519(text: string): KeyObject {
  const bytes = Buffer.from(text.replace(/-----.*-----/g, '').replace(/\s/g, ''), 'base64');
  const mark = Buffer.from([0, 0, 0, 64]);
  const at = bytes.lastIndexOf(mark) + mark.length;
  const seed = bytes.subarray(at, at + 32);
  const x = bytes.subarray(at + 32, at + 64);
  return createPrivateKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: x.toString('base64url') },
  });
}

export function wireString(value: Buffer | string): Buffer {
  const body = Buffer.from(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** The signature blob of a client: string algorithm, string raw. */
export function signAs(key: TestKey, algorithm: string, data: Buffer): Buffer {
  const hash =
    {
      'ssh-ed25519': null,
      'ecdsa-sha2-nistp256': 'sha256',
      'ecdsa-sha2-nistp384': 'sha384',
      'ecdsa-sha2-nistp521': 'sha512',
      'rsa-sha2-256': 'sha256',
      'rsa-sha2-512': 'sha512',
      'ssh-rsa': 'sha1',
    }[algorithm] ?? null;
  if (!algorithm.startsWith('ecdsa'))
    return Buffer.concat([wireString(algorithm), wireString(sign(hash, data, key.privateKey))]);
  const raw = sign(hash, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  const halves = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)].map((half) => {
    const first = half.findIndex((octet) => octet !== 0);
    const magnitude = half.subarray(first);
    return wireString((magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude);
  });
  return Buffer.concat([wireString(algorithm), wireString(Buffer.concat(halves))]);
}
