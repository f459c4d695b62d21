import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCgroupMounts } from '../../../src/jail/cgroup-place.js';
import { buildRemoval, buildRules, tableName } from '../../../src/jail/network-rules.js';
import { findResolvers, parseResolvConf } from '../../../src/jail/resolvers.js';
import { parseDefaultRoute } from '../../../src/jail/uplink.js';

describe('resolvers for jails', () => {
  const reader = (files: Record<string, string>) => (file: string) => files[file] ?? '';

  it('are read from resolv.conf', () => {
    assert.deepEqual(
      parseResolvConf('# x\nnameserver 192.0.2.1\nsearch a\nnameserver  fe80::1%eth0\nnameserver nonsense\n'),
      ['192.0.2.1', 'fe80::1%eth0'],
    );
  });

  it("are those listed, else the host's, else those behind systemd-resolved", () => {
    const files = { '/etc/resolv.conf': 'nameserver 192.0.2.1\n' };
    assert.deepEqual(findResolvers(['9.9.9.9'], reader(files)), { servers: ['9.9.9.9'] });
    assert.deepEqual(findResolvers(['auto'], reader(files)), { servers: ['192.0.2.1'] });
    const stub = {
      '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.2\n',
    };
    assert.deepEqual(findResolvers(['auto'], reader(stub)), { servers: ['192.0.2.2'] });
  });

  it("are none, with a reason, when only the host's loopback has one", () => {
    const { servers, problem } = findResolvers(
      ['auto'],
      reader({ '/etc/resolv.conf': 'nameserver 127.0.0.1\nnameserver ::1\n' }),
    );
    assert.deepEqual(servers, []);
    assert.match(problem ?? '', /cannot be reached from a jail/);
    assert.match(findResolvers(['auto'], reader({})).problem ?? '', /names no server/);
  });
});

describe('uplink', () => {
  it('is the interface of the best default route', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
    const routes = [
      'wlan0\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0',
      'eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      'eth1\t00000000\t010200C0\t0002\t0\t0\t1\t00000000\t0\t0\t0',
      'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    ];
    assert.equal(parseDefaultRoute(head + routes.join('\n')), 'eth0');
    assert.equal(parseDefaultRoute(head), undefined);
  });
});

describe('network rules', () => {
  const rules = buildRules({ runDir: '/run/jaild', pool: '10.214.0.0/16', resolvers: ['192.0.2.53', 'fd00::1'] });

  it('name one table of the instance and replace it in one transaction', () => {
    const name = tableName('/run/jaild');
    assert.match(name, /^jaild_[0-9a-f]{4}$/);
    assert.ok(rules.startsWith(buildRemoval('/run/jaild')));
    assert.equal(rules.split(`table inet ${name} {`).length, 2);
  });

  it('let DNS through to IPv4 resolvers only, and before link-local is refused', () => {
    assert.match(rules, /ip daddr \{ 192\.0\.2\.53 \} udp dport 53 accept/);
    assert.ok(!rules.includes('fd00::1'));
    assert.ok(rules.indexOf('dport 53 accept') < rules.indexOf('169.254.0.0/16'));
    assert.ok(!buildRules({ runDir: '/run/jaild', pool: '10.0.0.0/8', resolvers: [] }).includes('dport 53'));
  });

  it("bound a jail's connections before any is let through", () => {
    const [, forwarded = ''] = rules.split('chain from_jail');
    assert.ok(forwarded.indexOf('ct count over 4096') < forwarded.indexOf('accept'));
  });

  it('refuse other jails of every instance', () => {
    assert.match(rules, /oifname "jd\*" reject/);
  });
});

describe('cgroup mounts', () => {
  it('are found in mountinfo, also with odd names', () => {
    const lines = [
      '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
      '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw shared:9 - cgroup2 cgroup2 rw',
    ];
    assert.deepEqual(parseCgroupMounts(lines.join('\n')), ['/sys/fs/cgroup/uni fied']);
    assert.deepEqual(parseCgroupMounts(''), []);
  });
});
