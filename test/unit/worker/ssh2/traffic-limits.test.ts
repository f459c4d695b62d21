import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TrafficMeter, trafficLimits } from '../../../../src/worker/ssh2/traffic-limits.js';

describe('the traffic meter', () => {
  it('admits key exchanges that traffic explains and no endless row of them', () => {
    const meter = new TrafficMeter();
    for (let count = 0; count < trafficLimits.freeRekeys; count += 1) assert.ok(meter.admitExchange());
    assert.equal(meter.admitExchange(), false);
    meter.payloadBytes += 64 * 1024 * 10;
    assert.ok(meter.admitExchange());
  });

  it('wants new keys after a gigabyte or an hour', () => {
    const meter = new TrafficMeter();
    meter.keysChanged(0);
    assert.equal(meter.wantsNewKeys(trafficLimits.rekeyTimeMs - 1), false);
    assert.ok(meter.wantsNewKeys(trafficLimits.rekeyTimeMs));
    meter.bytesOut += trafficLimits.rekeyBytes;
    assert.ok(meter.wantsNewKeys(1));
    meter.keysChanged(1);
    assert.equal(meter.wantsNewKeys(2), false);
  });
});
