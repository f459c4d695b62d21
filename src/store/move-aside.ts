import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './atomic-file.js';

/** What a damaged file's new name goes on with. */
export const damagedMark = '.damaged-';

/** Moves a damaged file out of the way, to `FILE.damaged-TIME` beside it; nothing is deleted. Answers the new name. */
export async function moveAside(file: string): Promise<string> {
  const movedTo = `${file}${damagedMark}${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await rename(file, movedTo);
  await syncDirectory(dirname(file));
  return movedTo;
}
