import { after, before } from 'node:test';
import { Instance, type MakeOptions } from './instance.js';
import type { Settings } from './instance-files.js';
import { endOpenPrograms } from './program.js';
import { endOpenTerminals } from './terminal-client.js';

/**
 * One instance for all tests of a file: made before the first, removed after the last, when nothing of it may be left.
 * Call at the top of the file; use the returned function inside the tests.
 */
export function instanceForSuite(
  name: string,
  settings: Settings = {},
  prepare?: (instance: Instance) => Promise<void>,
  options: MakeOptions = {},
): () => Instance {
  let instance: Instance | undefined;
  before(async () => {
    instance = await Instance.make(name, settings, options);
    await prepare?.(instance);
  });
  after(async () => {
    endOpenTerminals();
    endOpenPrograms();
    await instance?.remove();
  });
  return () => {
    if (instance === undefined) {
      throw new Error('the instance of this suite is not there');
    }
    return instance;
  };
}
