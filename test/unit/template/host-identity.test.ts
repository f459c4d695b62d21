import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planIdentityFiles } from '../../../src/template/sources/host-identity.js';

const passwd = `root:x:0:0:The Boss,Room 1,555:/root:/bin/zsh
toor:x:0:0::/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
svc:x:200:1000:svc:/srv:/usr/sbin/nologin
alice:x:1000:1000:Alice:/home/alice:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
+@nis:::::
broken line
`;
const group = 'root:x:0:alice\nshadow:x:42:alice,daemon\nsudo:x:27:alice\nalice:x:1000:\nnogroup:x:65534:\n';

describe('planIdentityFiles', () => {
  const files = planIdentityFiles(passwd, group);
  const names = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(':')[0] ?? '');

  it('keeps the system users and drops people, second roots and what is no entry', () => {
    assert.deepEqual(names(files.passwd), ['root', 'daemon', 'www-data', 'svc', 'nobody']);
    assert.deepEqual(names(files.group), ['root', 'shadow', 'sudo', 'nogroup']);
  });

  it('makes root the same everywhere', () => {
    assert.match(files.passwd, /^root:x:0:0:root:\/root:\/bin\/bash$/m);
  });

  it('takes no people into groups and no people as primary group', () => {
    assert.doesNotMatch(files.group + files.gshadow + files.passwd, /alice|:1000:/);
    assert.match(files.group, /^shadow:x:42:daemon$/m);
  });

  it('locks every password', () => {
    assert.deepEqual(names(files.shadow), names(files.passwd));
    for (const line of files.shadow.trim().split('\n')) assert.match(line, /^[^:]+:\*:/);
    for (const line of files.gshadow.trim().split('\n')) assert.match(line, /^[^:]+:\*:/);
  });

  it('makes a root even where the host names it otherwise', () => {
    const odd = planIdentityFiles('admin:x:0:0::/root:/bin/sh\n', '');
    assert.deepEqual([names(odd.passwd), names(odd.group)], [['root'], ['root']]);
  });
});
