import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseAbsolutePath,
  parseAccountName,
  parseBaseId,
  parseHostName,
  parseJailName,
  parseTemplateName,
} from '../../../src/base/brands.js';
import { parseSubnet } from '../../../src/base/ip.js';
import { configFrom } from '../../../src/config/load.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import type { CgroupPlace } from '../../../src/jail/cgroup-limits.js';
import { toHostName } from '../../../src/jail/lifecycle.js';
import { interfacePrefix, planAddresses } from '../../../src/jail/network-addresses.js';
import { type PlanInput, planJail } from '../../../src/jail/plan.js';
import { encodeSpec } from '../../../src/jail/spec-codec.js';
import { decodeFields, fieldsLimits } from '../../../src/privsep/fields.js';
import type { Jail } from '../../../src/store/jails.js';

const config = configFrom('/nonexistent/jaild.ini', []);
const layers = [parseAbsolutePath('/layers/top'), parseAbsolutePath('/layers/bottom')];
const input: PlanInput = { config, layers, cgroup: null, resolvers: ['192.0.2.53'] };
const jail: Jail = {
  name: parseJailName('alice'),
  account: parseAccountName('alice'),
  owner: 'user:root',
  created: '2026-01-01T00:00:00.000Z',
  template: parseTemplateName('host'),
  templateVersion: 'v1',
  hostname: parseHostName('alice.example'),
  base: parseBaseId(config.jails.firstBase + 3 * 65_536),
  profile: 'standard',
  network: 'nat',
  linger: 'processes',
  autostart: false,
  devices: ['fuse'],
  limits: {},
  volumes: [{ access: 'ro', source: parseAbsolutePath('/srv/data'), target: parseAbsolutePath('/data') }],
};
const full: CgroupPlace = { path: '/sys/fs/cgroup/jaild-1234', controllers: new Set(['memory', 'pids', 'cpu', 'io']) };

describe('jail plan', () => {
  it('takes record, layers and defaults', () => {
    const spec = planJail(jail, input);
    assert.deepEqual(
      [spec.layers, spec.dir, spec.runDir],
      [layers, '/var/lib/jaild/jails/alice', '/run/jaild/jails/alice'],
    );
    assert.deepEqual(spec.network, {
      mode: 'nat',
      interfaceName: `${interfacePrefix('/run/jaild')}3`,
      address: '10.214.0.5',
      gateway: '10.214.0.1',
    });
    assert.equal(spec.pidsMax, config.jails.pids);
    assert.deepEqual(
      spec.rlimits.find(([name]) => name === 'core'),
      ['core', '0', '1'],
    );
  });

  it("writes hosts and resolv.conf that can be told from the user's own", () => {
    const files = new Map(planJail(jail, input).etcFiles.map(({ path, content }) => [path, content]));
    assert.match(
      files.get('/etc/hosts') ?? '',
      /^# jaild.*\n127\.0\.0\.1 localhost\n::1.*\n10\.214\.0\.5 alice\.example alice\n$/s,
    );
    assert.match(files.get('/etc/resolv.conf') ?? '', /^# jaild.*\nnameserver 192\.0\.2\.53\n$/);
    const none = planJail({ ...jail, network: 'none' }, input);
    assert.equal(
      none.etcFiles.some(({ path }) => path === '/etc/resolv.conf'),
      false,
    );
  });

  it('refuses the host network unless the configuration allows it', () => {
    assert.throws(
      () => planJail({ ...jail, network: 'host' }, input),
      (error) => isJaildError(error, 'config-invalid'),
    );
    const allowed = { ...input, config: { ...config, jails: { ...config.jails, allowHostNetwork: true } } };
    assert.deepEqual(planJail({ ...jail, network: 'host' }, allowed).network, { mode: 'host' });
  });

  it('never stops a jail before its first session can begin', () => {
    assert.equal(planJail({ ...jail, linger: 'always' }, input).lingerMs, 0);
    assert.ok(planJail({ ...jail, linger: 'none' }, input).lingerMs >= 5000);
    const impatient = { ...input, config: { ...config, jails: { ...config.jails, lingerTimeMs: 0 } } };
    assert.ok(planJail(jail, impatient).lingerMs >= 5000);
  });

  it('is what the keeper reads', () => {
    const fields = decodeFields(encodeSpec(planJail(jail, { ...input, cgroup: full })), fieldsLimits.specBytes);
    assert.deepEqual(fields.tuples('layer').flat(), layers);
    assert.deepEqual(fields.tuples('volume'), [['ro', '/srv/data', '/data']]);
    assert.equal(fields.number('base'), jail.base);
    assert.deepEqual(fields.tuples('cgroup-limit'), [['pids.max', '4096']]);
    assert.equal(fields.text('cgroup'), '/sys/fs/cgroup/jaild-1234/alice');
    assert.deepEqual(fields.tuples('device').flat(), ['fuse']);
  });
});

describe('limits of a jail', () => {
  const limits = { memoryBytes: 512 * 1024 * 1024, swapBytes: 0, cpuPercent: 50, pids: 100 };

  it('become files of its group', () => {
    const { cgroup } = planJail({ ...jail, limits }, { ...input, cgroup: full });
    assert.deepEqual(Object.fromEntries(cgroup?.limits ?? []), {
      'memory.max': '536870912',
      'memory.swap.max': '0',
      'cpu.max': '50000 100000',
      'pids.max': '100',
    });
  });

  for (const [name, value] of Object.entries({ memoryBytes: 2 ** 26, swapBytes: 0, cpuPercent: 10 })) {
    it(`are refused in words when ${name} cannot be held (X24)`, () => {
      for (const cgroup of [null, { ...full, controllers: new Set(['pids'] as const) }]) {
        assert.throws(
          () => planJail({ ...jail, limits: { [name]: value } }, { ...input, cgroup }),
          (error) => isJaildError(error, 'jail-limit-impossible') && /limit, but/.test(error.message),
        );
      }
    });
  }

  it('of disk are refused as long as nothing can hold them', () => {
    for (const disk of [{ diskBytes: 2 ** 30 }, { diskInodes: 1000 }]) {
      assert.throws(
        () => planJail({ ...jail, limits: disk }, { ...input, cgroup: full }),
        (error) => isJaildError(error, 'jail-limit-impossible'),
      );
    }
  });

  it('of processes hold without any controller', () => {
    const spec = planJail({ ...jail, limits: { pids: 100 } }, input);
    assert.equal(spec.cgroup, null);
    assert.deepEqual(
      spec.rlimits.find(([name]) => name === 'nproc'),
      ['nproc', '100', '100'],
    );
  });
});

describe('addresses', () => {
  it('follow from the index and stay in the pool', () => {
    const pool = parseSubnet('10.9.0.0/29');
    assert.deepEqual(
      [0, 4].map((index) => planAddresses(pool, index, '/run/jaild').address),
      ['10.9.0.2', '10.9.0.6'],
    );
    for (const index of [5, -1, 0.5, 1e9])
      assert.throws(
        () => planAddresses(pool, index, '/run/jaild'),
        (error) => isJaildError(error, 'jail-network-failed'),
      );
    assert.equal(planAddresses(parseSubnet('10.8.0.0/14'), 65_536, '/run/jaild').address, '10.9.0.2');
  });

  it('have interface names that fit and differ between instances', () => {
    const { interfaceName } = planAddresses(parseSubnet('10.0.0.0/8'), 99_999, '/run/jaild');
    assert.ok(interfaceName.length <= 15);
    assert.notEqual(interfacePrefix('/run/jaild'), interfacePrefix('/run/other'));
  });
});

describe('host name of a jail', () => {
  it('is made of what host names allow', () => {
    assert.deepEqual(
      ['alice', 'alice+web', 'a_b-', '_x'].map((name) => toHostName(parseJailName(name))),
      ['alice', 'alice-web', 'a-b', 'x'],
    );
    assert.equal(toHostName(parseJailName('_')), 'jail');
  });
});
