import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { selectLines, selectParagraphs } from '../../../src/template/sources/apt-sources.js';
import { parseConffiles } from '../../../src/template/sources/dpkg-state.js';
import { MmdebstrapProgress } from '../../../src/template/sources/mmdebstrap.js';

describe('selectLines', () => {
  it('takes the suite with its updates and security, and only the wanted components', () => {
    const text = `# deb http://archive.test/debian bookworm main
deb http://archive.test/debian bookworm main contrib # comment
deb [signed-by=/usr/share/keyrings/a.gpg] http://archive.test/debian bookworm-updates main
deb-src http://archive.test/debian bookworm main
deb http://archive.test/debian-security bookworm-security main
deb http://archive.test/debian bookworm-backports main
deb http://other.test/x nodistro main
deb http://other.test/y bookworm stable
`;
    assert.deepEqual(selectLines(text, 'bookworm', ['main']), [
      'deb http://archive.test/debian bookworm main',
      'deb [signed-by=/usr/share/keyrings/a.gpg] http://archive.test/debian bookworm-updates main',
      'deb http://archive.test/debian-security bookworm-security main',
    ]);
  });
});

describe('selectParagraphs', () => {
  it('reduces paragraphs to the suite and components, keeps the key, drops the disabled', () => {
    const text = `Types: deb deb-src
URIs: http://archive.test/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main non-free-firmware
Signed-By:
 -----BEGIN
 .
 KEY

Enabled: no
Types: deb
URIs: http://off.test/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://src.test/debian
Suites: bookworm
Components: main
`;
    const [paragraph, ...more] = selectParagraphs(text, 'bookworm', ['main']);
    assert.deepEqual(more, []);
    assert.equal(
      paragraph,
      'Types: deb\nSuites: bookworm bookworm-updates\nComponents: main\nuris: http://archive.test/debian\nsigned-by:\n -----BEGIN\n .\n KEY',
    );
  });
});

describe('parseConffiles', () => {
  it('reads path and digest, and leaves obsolete ones out', () => {
    const md5 = 'a'.repeat(32);
    const status = `Package: a\nConffiles:\n /etc/a.conf ${md5}\n /etc/old.conf ${md5} obsolete\n /etc/new.conf newconffile\nDescription: x\n /etc/not.conf ${md5}\n`;
    assert.deepEqual(parseConffiles(status), [{ path: '/etc/a.conf', md5 }]);
  });
});

describe('MmdebstrapProgress', () => {
  it('goes from few to ninety percent and names the package, never back', () => {
    const progress = new MmdebstrapProgress();
    const lines = [
      'I: running apt-get update...',
      '0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.',
      'Get:1 http://archive.test/debian bookworm/main amd64 bash amd64 5.2 [1491 kB]',
      'Get:2 http://archive.test/debian bookworm/main amd64 dash amd64 0.5 [91 kB]',
      'Unpacking bash (5.2) ...',
      'Setting up bash (5.2) ...',
      '0 upgraded, 4 newly installed, 0 to remove and 0 not upgraded.',
      'Setting up libc6:amd64 (2.36) ...',
      'dpkg: noise',
    ];
    const news = lines.map((line) => progress.read(line)).filter((each) => each !== undefined);
    assert.deepEqual(
      news.map((each) => each.package),
      [undefined, 'bash', 'dash', 'bash', 'bash', 'libc6'],
    );
    const shares = news.map((each) => each.percentage ?? 0);
    assert.deepEqual(
      [...shares].sort((left, right) => left - right),
      shares,
    );
    assert.ok((shares.at(-1) ?? 0) <= 90);
  });
});
