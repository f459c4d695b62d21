import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const scenario = fileURLToPath(new URL('./nat-scenario.js', import.meta.url));

describe('nat network', () => {
  let came: Record<string, string | string[]> = {};
  before(() => {
    const output = execFileSync('unshare', ['--net', process.execPath, scenario], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    came = JSON.parse(output) as typeof came;
  });

  it('is the only way out: without it jails reach the host and nothing else (control)', () => {
    assert.deepEqual([came['before: outside'], came['before: host']], ['silent', 'connected']);
  });

  it('lets a jail out, masqueraded', () => assert.equal(came['outside'], 'connected'));

  it('refuses every address of the host but DNS', () => {
    assert.deepEqual(
      [came['host by gateway'], came['host by uplink'], came['dns of the host']],
      ['ECONNREFUSED', 'ECONNREFUSED', 'connected'],
    );
  });

  it('refuses link-local addresses (N03)', () => assert.notEqual(came['link-local'], 'connected'));

  it('keeps jails apart (N05)', () => assert.equal(came['other jail'], 'EHOSTUNREACH'));

  it("drops a source that is not the jail's (N06)", () => assert.notEqual(came['spoofed source'], 'connected'));

  it('answers the host, and nobody from outside (N07)', () => {
    assert.deepEqual([came['host to jail'], came['outside to jail']], ['connected', 'silent']);
  });

  it('forwards on the uplink alone, never by ip_forward, with one table', () => {
    assert.deepEqual([came['forwarding'], came['ip_forward'], came['tables']], ['1', '0', ['one']]);
  });

  it('goes away without a trace', () =>
    assert.deepEqual([came['after: forwarding'], came['after: tables']], ['0', []]));
});
