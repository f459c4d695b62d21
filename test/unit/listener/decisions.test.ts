import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AdmissionControl, type AdmissionLimits, type Slot } from '../../../src/listener/admission.js';
import { judgeIdentification } from '../../../src/listener/identification.js';
import { chooseWorker, planPlacement, type WorkerSettings } from '../../../src/listener/placement.js';
import { buildDisconnect, type RefusalReason, refusals } from '../../../src/listener/refusal.js';
import { toSourceKey } from '../../../src/listener/source-key.js';

const limits: AdmissionLimits = {
  maxStartups: 10,
  dropFrom: 6,
  maxStartupsPerSource: 4,
  maxConnections: 20,
  maxConnectionsPerSource: 5,
};

function admitAll(control: AdmissionControl, source: string, count: number): Slot[] {
  return Array.from({ length: count }, () => {
    const admission = control.admit(source);
    assert.equal(admission.outcome, 'admitted');
    return admission.outcome === 'admitted' ? admission.slot : assert.fail();
  });
}

const refusal = (control: AdmissionControl, source: string): string | undefined => {
  const admission = control.admit(source);
  return admission.outcome === 'refused' ? admission.limit : undefined;
};

describe('admission', () => {
  it('refuses a source that is too loud and serves the next one', () => {
    const control = new AdmissionControl(limits, () => 1);
    admitAll(control, 'a', 4);
    assert.equal(refusal(control, 'a'), 'startups-source');
    assert.equal(refusal(control, 'b'), undefined);
  });

  it('counts a login as a connection, no longer as a startup', () => {
    const control = new AdmissionControl(limits, () => 1);
    for (const slot of admitAll(control, 'a', 4)) slot.authenticated();
    admitAll(control, 'a', 1);
    assert.equal(refusal(control, 'a'), 'connections-source');
    assert.deepEqual(control.total, { startups: 1, connections: 5 });
  });

  it('drops early by chance, more the fuller it is, and all at the limit', () => {
    let chance = 0;
    const control = new AdmissionControl(limits, () => chance);
    for (const source of ['a', 'b', 'c', 'd', 'e', 'f']) admitAll(control, source, 1);
    assert.equal(refusal(control, 'g'), 'early');
    chance = 0.31;
    admitAll(control, 'g', 1);
    assert.equal(refusal(control, 'h'), 'early');
    chance = 0.99;
    for (const source of ['h', 'i', 'j']) admitAll(control, source, 1);
    assert.equal(refusal(control, 'k'), 'startups');
  });

  it('never keeps what is gone, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.constantFrom('admit', 'authenticated', 'release')), { maxLength: 200 }),
        (steps) => {
          const control = new AdmissionControl(limits, () => 1);
          const slots: Slot[] = [];
          for (const [index, step] of steps) {
            if (step === 'admit') {
              const admission = control.admit(`source${index}`);
              if (admission.outcome === 'admitted') slots.push(admission.slot);
            } else {
              slots[index]?.[step]();
            }
            const { startups, connections } = control.total;
            assert.ok(
              startups >= 0 &&
                startups <= limits.maxStartups &&
                connections <= limits.maxConnections &&
                startups <= connections,
            );
          }
          for (const slot of [...slots, ...slots]) slot.release();
          assert.deepEqual([control.total, control.sources], [{ startups: 0, connections: 0 }, 0]);
        },
      ),
    );
  });
});

describe('identification line', () => {
  const judge = (text: string | Buffer) => judgeIdentification(Buffer.from(text as string, 'latin1'));

  it('is taken in the forms of RFC 4253', () => {
    for (const line of ['SSH-2.0-OpenSSH_10.0', 'SSH-2.0-x comment', 'SSH-1.99-old', 'SSH-2.0-PuTTY_0.83']) {
      for (const end of ['\r\n', '\n'])
        assert.deepEqual(judge(`${line}${end}\0\0\x05`), { outcome: 'identified', line });
    }
  });

  it('is waited for while it can become whole', () => {
    for (const part of ['S', 'SSH-', 'SSH-2.0-', `SSH-2.0-${'x'.repeat(240)}`]) assert.equal(judge(part), undefined);
  });

  it('is refused as soon as it cannot be one', () => {
    const faults = {
      'GET / HTTP/1.1\r\n': 'not-ssh',
      X: 'not-ssh',
      '\n': 'not-ssh',
      'SSH\n': 'not-ssh',
      'SSH-1.5-x\n': 'version',
      'SSH-2.0\n': 'version',
      'SSH-3.0-x\n': 'version',
      'SSH-2.0-a\u001b[2J\n': 'control-characters',
      'SSH-2.0-a\0\n': 'control-characters',
      'SSH-2.0-a\rb\n': 'control-characters',
    };
    for (const [text, fault] of Object.entries(faults)) {
      const verdict = judge(text);
      assert.equal(verdict?.outcome === 'refused' && verdict.fault, fault, JSON.stringify(text));
    }
    for (const length of [255, 300, 8192]) assert.equal(judge(`SSH-2.0-${'x'.repeat(length - 8)}`)?.outcome, 'refused');
    assert.equal(judge(`SSH-2.0-${'x'.repeat(245)}\r\n`)?.outcome, 'identified');
    assert.equal(judge(`SSH-2.0-${'x'.repeat(246)}\r\n`)?.outcome, 'refused');
  });

  it('gives the same verdict however it arrives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), (tail) => {
        const bytes = Buffer.from(`SSH-2.0-${tail}`, 'latin1');
        const early = Array.from({ length: bytes.length }, (_, index) =>
          judgeIdentification(bytes.subarray(0, index + 1)),
        ).find((verdict) => verdict !== undefined);
        assert.equal(early?.outcome, judgeIdentification(bytes.subarray(0, 256))?.outcome);
      }),
    );
  });
});

describe('placement', () => {
  const settings = (sharing: WorkerSettings['sharing'], neverShare: string[] = []): WorkerSettings => ({
    sharing,
    neverShare,
    maxWorkers: 2,
    maxSingleWorkers: 2,
    spares: 0,
    watchdogTimeMs: 1,
    startTimeMs: 1,
    idleTimeMs: 1,
  });

  it('follows the setting and the list of addresses that are never shared', () => {
    assert.deepEqual(planPlacement(settings('address'), '10.0.0.1', 'k'), { kind: 'address', key: 'k' });
    assert.deepEqual(planPlacement(settings('pool'), '10.0.0.1', 'k'), { kind: 'pool' });
    assert.deepEqual(planPlacement(settings('connection'), '10.0.0.1', 'k'), { kind: 'alone' });
    assert.deepEqual(planPlacement(settings('pool', ['10.0.0.0/8']), '10.0.0.1', 'k'), { kind: 'alone' });
    assert.deepEqual(planPlacement(settings('pool', ['10.0.0.0/8']), 'fd00::1', 'k'), { kind: 'pool' });
  });

  it('keeps an address on its worker, gives new ones their own, shares when all are taken', () => {
    const address = { kind: 'address', key: 'a' } as const;
    assert.equal(chooseWorker(address, [], 2), 'new');
    assert.equal(
      chooseWorker(
        address,
        [
          { key: 'b', load: 0 },
          { key: 'a', load: 99 },
        ],
        2,
      ),
      1,
    );
    assert.equal(chooseWorker(address, [{ key: 'b', load: 0 }], 2), 'new');
    assert.equal(
      chooseWorker(
        address,
        [
          { key: 'b', load: 5 },
          { key: 'c', load: 3 },
        ],
        2,
      ),
      1,
    );
    assert.equal(
      chooseWorker(
        address,
        [
          { key: 'b', load: 5 },
          { key: undefined, load: 0 },
        ],
        2,
      ),
      1,
    );
    assert.equal(chooseWorker(address, [], 0), 'full');
  });

  it('spreads a pool over all workers', () => {
    const pool = { kind: 'pool' } as const;
    assert.equal(chooseWorker(pool, [{ key: undefined, load: 1 }], 2), 'new');
    assert.equal(
      chooseWorker(
        pool,
        [
          { key: undefined, load: 1 },
          { key: undefined, load: 0 },
        ],
        5,
      ),
      1,
    );
    assert.equal(
      chooseWorker(
        pool,
        [
          { key: undefined, load: 4 },
          { key: undefined, load: 2 },
        ],
        2,
      ),
      1,
    );
  });
});

describe('source', () => {
  it('is an IPv4 address or an IPv6 network', () => {
    const prefixes = { ipv4: 32, ipv6: 64 };
    assert.equal(toSourceKey('10.1.2.3', prefixes), '0a010203/32');
    assert.equal(toSourceKey('fd00::1', prefixes), toSourceKey('fd00::ffff:1', prefixes));
    assert.notEqual(toSourceKey('fd00:0:0:1::1', prefixes), toSourceKey('fd00::1', prefixes));
    assert.equal(toSourceKey('10.1.2.3', { ipv4: 24, ipv6: 64 }), toSourceKey('10.1.2.4', { ipv4: 24, ipv6: 64 }));
  });
});

describe('refusal', () => {
  it('is a well-formed packet that says why, for every reason', () => {
    for (const reason of Object.keys(refusals) as RefusalReason[]) {
      const packet = buildDisconnect(reason);
      const [length, padding] = [packet.readUInt32BE(0), packet.readUInt8(4)];
      assert.ok(length === packet.length - 4 && packet.length % 8 === 0 && padding >= 4 && packet.length >= 16);
      const textLength = packet.readUInt32BE(10);
      assert.equal(packet[5], 1);
      assert.match(packet.subarray(14, 14 + textLength).toString(), new RegExp(`^[^/]+ \\[${reason}\\]$`));
      assert.equal(packet.length - 5 - padding, 9 + textLength + 4);
    }
  });
});
