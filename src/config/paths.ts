import { dirname, resolve } from 'node:path';

/** A path as the admin wrote it: relative to the directory of the file in which it stands; empty stays empty. */
export function resolveWritten(text: string, file: string): string {
  return text === '' ? '' : resolve(dirname(file), text);
}

/**
 * A default path. `{instance}NAME|OTHER` is NAME below the instance's directory when one is set, else OTHER;
 * `{root}`, `{state}` and `{log}` stand for directories that are known by then.
 */
export function resolveFallback(fallback: string, places: Readonly<Record<string, string>>): string {
  const [inInstance, other] = fallback.split('|');
  if (other !== undefined)
    return places['instance'] === undefined
      ? other
      : resolve(places['instance'], (inInstance ?? '').replace('{instance}', ''));
  return fallback.replace(/\{([a-z]+)\}/g, (_all, name: string) => places[name] ?? '');
}
