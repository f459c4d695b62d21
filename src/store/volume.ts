import type { z } from 'zod';
import { type AbsolutePath, parseAbsolutePath } from '../base/brands.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { parsed } from '../config/values.js';

/** A directory of the host that shows in the jail. */
export interface JailVolume {
  readonly access: 'ro' | 'rw';
  readonly source: AbsolutePath;
  readonly target: AbsolutePath;
}

const pattern = /^(ro|rw):([^:\0]+):([^:\0]+)$/;

/** `ro:/srv/data:/data` (what, from where on the host, to where in the jail). A colon in a path is refused, and so is the jail's `/`. */
export function parseVolume(text: string): JailVolume {
  const [, access, source, target] = pattern.exec(text) ?? [];
  if (access === undefined || source === undefined || target === undefined) {
    throw new InvalidValueError(
      `"${text.slice(0, 80)}" is not a volume; write ro:/host/directory:/jail/directory or rw:...`,
    );
  }
  const volume: JailVolume = {
    access: access === 'rw' ? 'rw' : 'ro',
    source: parseAbsolutePath(source),
    target: parseAbsolutePath(target),
  };
  if (volume.target === '/') throw new InvalidValueError('a volume cannot replace the root of a jail');
  return volume;
}

export function formatVolume(volume: JailVolume): string {
  return `${volume.access}:${volume.source}:${volume.target}`;
}

export const volume: z.ZodType<JailVolume, string> = parsed(parseVolume);
