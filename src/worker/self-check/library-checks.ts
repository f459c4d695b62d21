import { strict as assert } from 'node:assert';
import { ciphers, keyExchanges, macs, planOffer, userSignatureAlgorithms } from '../ssh2/algorithms.js';
import { loadLibrary } from '../ssh2/library.js';
import { areMessagesTakenOver } from '../ssh2/message-table.js';
import { message } from '../ssh2/messages.js';
import { makePooledRandomFill } from '../ssh2/padding-pool.js';
import { WireReader } from '../ssh2/wire.js';
import { runHandshake } from './handshake.js';
import type { SelfCheck } from './self-check.js';

const unknownMessage = 200;
/** More than the library's own 35,000, less than our cap. */
const largePacketBytes = 200_000;
const cookie = Buffer.from('0123456789abcdef', 'latin1');
const small = { kex: keyExchanges[0], cipher: ciphers[0], mac: macs[0], cookie, clientSends: [], pingBytes: 16 };

/** One check per correction of ssh2. */
export const libraryChecks: readonly SelfCheck[] = [
  {
    name: 'the message table belongs to us',
    run: () => assert.ok(areMessagesTakenOver(loadLibrary().messageTable)),
  },
  {
    name: 'only chosen algorithms are offered',
    run: () => {
      const offer = planOffer(['ssh-ed25519']);
      const names = [...offer.kex, ...offer.cs.cipher, ...offer.cs.mac, ...offer.cs.compress].join(' ');
      assert.doesNotMatch(names, /sha1|zlib|cbc|md5|group-exchange|group1[78]|arcfour/);
    },
  },
  {
    name: 'padding comes from the pool and never twice',
    run: () => {
      const fill = makePooledRandomFill();
      const seen = new Set<string>();
      for (let count = 0; count < 64; count += 1) {
        const bytes = Buffer.alloc(24);
        fill(bytes, 4, 16);
        assert.equal(bytes.readUInt32BE(0) + bytes.readUInt32BE(20), 0);
        seen.add(bytes.toString('hex'));
      }
      assert.equal(seen.size, 64);
    },
  },
  {
    name: 'our cookie, our extension info first, large packets, unknown messages handed up',
    run: async () => {
      const seen = await runHandshake({
        ...small,
        clientSends: [Buffer.of(unknownMessage)],
        pingBytes: largePacketBytes,
      });
      assert.ok(seen.serverKexInit.subarray(1, 17).equals(cookie));
      const first = new WireReader(seen.clientGot[0] ?? Buffer.alloc(0));
      assert.equal(first.byte(), message.extensionInfo);
      first.uint32();
      assert.equal(first.text(), 'server-sig-algs');
      assert.deepEqual(first.text().split(','), [...userSignatureAlgorithms]);
      assert.equal(seen.clientGot.at(-1)?.length, 1 + 4 + largePacketBytes);
      assert.deepEqual(seen.serverGot, [Buffer.of(unknownMessage)]);
    },
  },
  ...keyExchanges.map((kex, index) => ({
    name: `key exchange ${kex} with ${cipherAt(index)} and ${macAt(index)}`,
    run: async () => void (await runHandshake({ ...small, kex, cipher: cipherAt(index), mac: macAt(index) })),
  })),
];

/** Each handshake takes the next cipher and MAC; MACs only matter with the CTR ciphers, which stand last. */
function cipherAt(index: number): string {
  return ciphers[Math.min(index, ciphers.length - 1)] ?? ciphers[0];
}

function macAt(index: number): string {
  return macs[(index + 1) % macs.length] ?? macs[0];
}
