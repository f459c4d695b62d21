import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authorizePeer, mayAct, maySee } from '../../../src/broker/authorize.js';
import { findPeerNames } from '../../../src/broker/host-names.js';
import { configFrom } from '../../../src/config/load.js';

const base = configFrom('/nonexistent/jaild.ini', []);
const config = { ...base, roles: { admin: ['user:root', 'group:ops'], readOnly: ['user:watcher'] } };

const files: Readonly<Record<string, string>> = {
  '/etc/passwd':
    'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nwatcher:x:1001:1001::/:/bin/sh\noperator:x:1002:1002::/:/bin/sh\n',
  '/etc/group': 'root:x:0:\nalice:x:1000:\nops:x:50:operator,bob\nteam:x:51:alice\n',
};
const peerOf = (uid: number, gid: number) =>
  authorizePeer(
    config,
    findPeerNames(uid, gid, (file) => files[file] ?? ''),
  );

describe('rights of a local peer', () => {
  it('follow from user and groups', () => {
    assert.deepEqual(peerOf(0, 0)?.roles, ['admin']);
    assert.deepEqual(peerOf(1002, 1002)?.roles, ['admin'], 'a member of ops');
    assert.deepEqual(peerOf(1005, 50)?.roles, ['admin'], 'with ops as its first group');
    assert.deepEqual(peerOf(1001, 1001)?.roles, ['read-only', 'owner']);
    assert.deepEqual(peerOf(1000, 1000)?.roles, ['owner']);
  });

  it('stay with root when the list forgets it', () => {
    assert.deepEqual(authorizePeer({ ...config, roles: { admin: [], readOnly: [] } }, findPeerNames(0, 0))?.roles, [
      'admin',
    ]);
  });

  it('are none for workers, the listener and processes of jails (L08)', () => {
    const uids = [
      config.listener.uid,
      config.workers.firstUid,
      config.workers.firstUid + config.workers.uidCount - 1,
      config.jails.firstBase,
      config.jails.lastBase + 65_535,
    ];
    for (const uid of uids) assert.equal(peerOf(uid, uid), null, String(uid));
  });

  it('of an owner reach what names them, by user or group', () => {
    const alice = peerOf(1000, 1000) ?? assert.fail();
    for (const owner of ['user:alice', 'group:team']) assert.ok(maySee(alice, owner) && mayAct(alice, owner), owner);
    for (const owner of ['user:root', 'user:bob', 'group:ops', 'alice', ''])
      assert.ok(!maySee(alice, owner) && !mayAct(alice, owner), owner);
  });

  it('of a reader never act', () => {
    const watcher = peerOf(1001, 1001) ?? assert.fail();
    assert.ok(maySee(watcher, 'user:alice'));
    assert.ok(!mayAct(watcher, 'user:alice'));
  });
});
