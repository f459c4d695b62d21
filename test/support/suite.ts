import { after, before } from 'node:test';
import { Instance } from './instance.js';
import type { Settings } from './instance-files.js';

/**
 * One instance for all tests of a file: made before the first, removed after the last, when nothing of it may be left.
 * Call at the top of the file; use the returned function inside the tests.
 */
export function instanceForSuite(
  name: string,
  settings: Settings = {},
  prepare?: (instance: Instance) => Promise<void>,
): () => Instance {
  let instance: Instance | undefined;
  before(async () => {
    instance = await Instance.make(name, settings);
    await prepare?.(instance);
  });
  after(async () => {
    await instance?.remove();
  });
  return () => {
    if (instance === undefined) {
      throw new Error('the instance of this suite is not there');
    }
    return instance;
  };
}
