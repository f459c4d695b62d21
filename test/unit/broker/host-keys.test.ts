import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { hostKeyFile, loadHostKeys } from '../../../src/broker/host-keys.js';
import { SshReader } from '../../../src/broker/ssh-wire.js';
import { parseUserKey } from '../../../src/broker/user-keys.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';

describe('host keys', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-host-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are made once, 0600, and are the same ever after', async () => {
    const first = await loadHostKeys(folder, ['ed25519', 'ecdsa', 'rsa']);
    const second = await loadHostKeys(folder, ['ed25519', 'ecdsa', 'rsa']);
    assert.deepEqual(
      second.map(({ blob }) => blob),
      first.map(({ blob }) => blob),
    );
    for (const { type } of first) assert.equal(statSync(hostKeyFile(folder, type)).mode & 0o777, 0o600);
    assert.equal(readdirSync(folder).filter((name) => name.includes('tmp')).length, 0);
  });

  it('sign so that the public half verifies', async () => {
    const data = Buffer.from('the hash of an exchange');
    for (const key of await loadHostKeys(folder, ['ed25519', 'ecdsa', 'rsa'])) {
      for (const algorithm of key.algorithms) {
        const reader = new SshReader(await key.sign(algorithm, data));
        assert.equal(reader.name(), algorithm);
        const raw = reader.string();
        reader.end();
        const publicKey = parseUserKey(key.blob, 2048).key;
        if (key.type === 'ecdsa') {
          const parts = new SshReader(raw);
          const both = [parts.positiveMpint(), parts.positiveMpint()].map((part) =>
            Buffer.concat([Buffer.alloc(32 - part.length), part]),
          );
          assert.ok(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.concat(both)));
        } else {
          const hash = { 'ssh-ed25519': null, 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }[algorithm] ?? null;
          assert.ok(verify(hash, data, publicKey, raw), algorithm);
        }
      }
      await assert.rejects(key.sign('ssh-rsa', data), (error) => isJaildError(error, 'door-refused'));
    }
  });

  it('are one key when two servers start together (T37)', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => loadHostKeys(folder, ['ed25519'])));
    assert.equal(new Set(all.map(([key]) => key?.blob.toString('hex'))).size, 1);
  });

  it('are refused when somebody else can read them', async () => {
    await loadHostKeys(folder, ['ed25519']);
    chmodSync(hostKeyFile(folder, 'ed25519'), 0o644);
    await assert.rejects(loadHostKeys(folder, ['ed25519']), (error) => isJaildError(error, 'host-key-unsafe'));
  });

  it('are never replaced when damaged', async () => {
    await loadHostKeys(folder, ['ed25519']);
    const file = hostKeyFile(folder, 'ed25519');
    const text = readFileSync(file, 'utf8');
    for (const damaged of ['', text.slice(0, 60), 'no key at all']) {
      writeFileSync(file, damaged);
      await assert.rejects(loadHostKeys(folder, ['ed25519']), (error) => isJaildError(error, 'host-key-unsafe'));
      assert.equal(readFileSync(file, 'utf8'), damaged);
    }
  });

  it('of another kind in the file are refused', async () => {
    await loadHostKeys(folder, ['ecdsa']);
    writeFileSync(hostKeyFile(folder, 'ed25519'), readFileSync(hostKeyFile(folder, 'ecdsa')), { mode: 0o600 });
    await assert.rejects(loadHostKeys(folder, ['ed25519']), (error) => isJaildError(error, 'host-key-unsafe'));
    assert.ok(createPublicKey(readFileSync(hostKeyFile(folder, 'ecdsa'), 'utf8')));
  });
});
