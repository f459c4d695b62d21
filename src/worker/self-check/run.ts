import { loadLibrary } from '../ssh2/library.js';
import { libraryChecks } from './library-checks.js';
import { terminalChecks } from './terminal-checks.js';

export interface CheckResults {
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
  readonly hasNativeCiphers: boolean;
}

/**
 * Runs every check of the two libraries, on the code that will serve. Everything that is loaded late by what they touch is loaded then: after
 * the second filter nothing can be.
 */
export async function runSelfChecks(): Promise<CheckResults> {
  const failed: { name: string; error: unknown }[] = [];
  let hasNativeCiphers = false;
  try {
    const library = loadLibrary();
    await library.ready;
    hasNativeCiphers = library.hasNativeCiphers;
  } catch (error) {
    return { failed: [{ name: 'ssh2 loads with its corrections', error }], hasNativeCiphers };
  }
  for (const check of [...libraryChecks, ...terminalChecks]) {
    try {
      await check.run();
    } catch (error) {
      failed.push({ name: check.name, error });
    }
  }
  return { failed, hasNativeCiphers };
}
