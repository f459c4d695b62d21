import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RawChannel } from '../../support/raw-ssh/channel.js';
import { text } from '../../support/raw-ssh/wire.js';
import { workerSuite } from './worker-suite.js';

const { client, raw } = workerSuite({ idleTimeMs: 1_000 });

it('a connection that moves nothing ends after the idle time', async () => {
  const connection = await raw();
  const channel = await RawChannel.open(connection);
  channel.request('exec', text('sleep 100'));
  assert.ok(await connection.closesWithin(6_000));
  assert.match(connection.disconnect?.text ?? '', /idle/);
});

it('a connection that moves something now and then stays', async () => {
  const { output } = await client().run('for n in 1 2 3 4 5 6; do echo $n; sleep 0.4; done');
  assert.equal(output.toString(), '1\n2\n3\n4\n5\n6\n');
});
