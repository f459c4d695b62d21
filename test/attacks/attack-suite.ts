import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import type { Instance, MakeOptions } from '../support/instance.js';
import type { Settings } from '../support/instance-files.js';
import type { RawConnection } from '../support/raw-ssh/connection.js';
import { type ClientKey, openLoggedIn, readClientKey } from '../support/raw-ssh/login.js';
import { ssh } from '../support/ssh-client.js';
import { instanceForSuite } from '../support/suite.js';

/** What the attacks of one file work on: alice attacks, bob must never notice. */
export interface AttackSuite {
  readonly instance: () => Instance;
  /** alice's key, also known for bob. */
  readonly key: () => ClientKey;
  readonly port: () => number;
  /** A raw connection of alice's that has logged in. */
  readonly alice: (from?: string) => Promise<RawConnection>;
}

/**
 * One instance for the attacks of a file. After each of them a fresh login by another user, from another address, must
 * succeed within two seconds: whatever was done, the server keeps serving.
 */
export function attackSuite(
  name: string,
  settings: Settings = {},
  prepare?: (made: Instance) => Promise<void>,
  options: MakeOptions = {},
): AttackSuite {
  const instance = instanceForSuite(
    `attack-${name}`,
    settings,
    async (made) => {
      await made.addAccount('alice');
      await made.addAccount('bob');
      await ssh(made, 'bob', 'true');
      await prepare?.(made);
    },
    options,
  );
  afterEach(() => assertAlive(instance()));
  const port = () => instance().files.port;
  const key = () => readClientKey(instance().keyFile);
  return {
    instance,
    key,
    port,
    alice: (from) => openLoggedIn({ port: port(), ...(from === undefined ? {} : { from }) }, 'alice', key()),
  };
}

export async function assertAlive(instance: Instance): Promise<void> {
  const from = Date.now();
  const { out, err } = await ssh(instance, 'bob', 'echo alive', { flags: ['-b', '127.0.0.99'], deadlineMs: 20_000 });
  assert.equal(out, 'alive', `another user logs in after the attack: ${err}`);
  assert.ok(Date.now() - from < 2_000, `another user's login took ${Date.now() - from} ms`);
}
