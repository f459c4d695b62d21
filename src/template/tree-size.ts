import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeSize } from './keeper-tree.js';

/** Counts the regular files of a tree of ours, and their bytes; links are not followed. */
export async function measureTree(path: string): Promise<TreeSize> {
  let files = 0;
  let bytes = 0;
  const entries: Dirent[] = await readdir(path, { withFileTypes: true });
  for (const entry of entries) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) {
      const size = await measureTree(below);
      files += size.files;
      bytes += size.bytes;
    } else if (entry.isFile()) {
      files += 1;
      bytes += (await lstat(below)).size;
    }
  }
  return { files, bytes };
}
