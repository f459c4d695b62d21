import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lchown,
  lstat,
  mkdir,
  open,
  readlink,
  rename,
  symlink,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent, isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';

/** Owner and mode of what is made; ids are those inside the jail (0 is its root). */
export interface Ownership {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * A root file system being made in the staging directory, by host root from trusted parts.
 * Paths are relative to its top. Every parent is made sure to be a real directory, so that a link inside the tree never leads out of it.
 * Not for trees that a jail or an archive can write to: those go through `jail-keeper files`.
 */
export class RootTree {
  readonly directoryPath: string;
  readonly #checked = new Set<string>(['']);

  constructor(directoryPath: string) {
    this.directoryPath = directoryPath;
  }

  /** Makes a directory with its parents (those that are missing get 0755 root), or sets owner and mode of one that is there. A link in its place is replaced. */
  async directory(path: string, ownership: Ownership): Promise<void> {
    await this.#parents(path);
    const target = this.#target(path);
    if ((await this.#kind(target)) === 'other') await unlink(target);
    await mkdir(target).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw error;
    });
    this.#checked.add(path);
    await own(target, ownership);
  }

  /** Writes a file; whatever was there before (a link too) is replaced. */
  async file(path: string, content: string | Uint8Array, ownership: Ownership): Promise<void> {
    await this.#parents(path);
    const fresh = this.#target(`${path}.jaild-new`);
    const handle = await open(
      fresh,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await handle.writeFile(content);
      await handle.chown(ownership.uid ?? 0, ownership.gid ?? 0);
      await handle.chmod(ownership.mode);
    } finally {
      await handle.close();
    }
    await rename(fresh, this.#target(path));
  }

  async link(path: string, target: string): Promise<void> {
    await this.#parents(path);
    await this.remove(path);
    await symlink(target, this.#target(path));
  }

  /** Removes a file or link; absent is fine. */
  async remove(path: string): Promise<void> {
    await this.#parents(path);
    await unlink(this.#target(path)).catch((error: unknown) => {
      if (!isAbsent(error)) throw error;
    });
  }

  /**
   * Copies one file or link of the host when everybody may read it; answers whether it did.
   * `anyMode` takes a file whatever its mode: only for content that is known to be public.
   */
  async copyPublic(hostPath: string, path: string, options: { anyMode?: boolean } = {}): Promise<boolean> {
    const stat = await lstat(hostPath).catch(() => null); // expected: absent or vanished
    if (stat === null) return false;
    if (stat.isSymbolicLink()) {
      await this.link(path, await readlink(hostPath));
      return true;
    }
    const handle = stat.isFile() ? await openPublic(hostPath, options.anyMode === true) : null;
    if (handle === null) return false;
    try {
      const { mode, uid, gid } = await handle.stat();
      await this.file(path, await handle.readFile(), { mode: mode & 0o7777, uid: systemId(uid), gid: systemId(gid) });
      return true;
    } finally {
      await handle.close();
    }
  }

  async has(path: string): Promise<boolean> {
    return (await this.#kind(this.#target(path))) !== 'absent';
  }

  async #parents(path: string): Promise<void> {
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
      throw new JaildError('internal', `"${path}" is not a plain path inside a template`);
    }
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/');
      if (!this.#checked.has(parent)) await this.#realDirectory(parent);
    }
  }

  async #realDirectory(path: string): Promise<void> {
    const target = this.#target(path);
    const kind = await this.#kind(target);
    if (kind === 'other')
      throw new JaildError('template-build-failed', `/${path} of the template is not a directory`, {
        fields: { path },
      });
    if (kind === 'absent') {
      await mkdir(target);
      await own(target, { mode: 0o755 });
    }
    this.#checked.add(path);
  }

  async #kind(target: string): Promise<'absent' | 'directory' | 'other'> {
    try {
      return (await lstat(target)).isDirectory() ? 'directory' : 'other';
    } catch (error) {
      if (isAbsent(error)) return 'absent';
      throw error;
    }
  }

  #target(path: string): string {
    return join(this.directoryPath, path);
  }
}

/** Ids that a system of packages uses; those of the host's people become root's. */
export function systemId(id: number): number {
  return id < 1000 || id === 65_534 ? id : 0;
}

async function own(target: string, { mode, uid = 0, gid = 0 }: Ownership): Promise<void> {
  await lchown(target, uid, gid);
  await chmod(target, mode);
}

async function openPublic(hostPath: string, anyMode: boolean): Promise<FileHandle | null> {
  const handle = await open(hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stat = await handle.stat();
  if (stat.isFile() && (anyMode || (stat.mode & 0o004) !== 0)) return handle;
  await handle.close();
  return null;
}
