import { mkdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type AccountName, type HostName, type JailName, parseHostName, type TemplateName } from '../base/brands.js';
import type { Config } from '../config/schema.js';
import { isAbsent, isErrno } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { withCleanupFailure } from '../errors/presentation.js';
import { IdAllocator } from '../store/ids.js';
import type { Jail, JailLimits, JailStore } from '../store/jails.js';
import { stateLayout } from '../store/layout.js';
import { tryLock, withLock } from '../store/lock.js';
import type { JailVolume } from '../store/volume.js';
import { loadTemplateVersion } from '../template/manifest.js';
import { JailFilesTool } from './files.js';
import { jailRunDir } from './plan.js';

/** What a new jail is to be; what is absent comes from the configuration. */
export interface NewJail {
  readonly name: JailName;
  readonly account: AccountName;
  readonly owner: string;
  readonly template?: TemplateName;
  /** A version or tag; absent: the newest. */
  readonly templateVersion?: string;
  readonly hostname?: HostName;
  readonly profile?: Jail['profile'];
  readonly network?: Jail['network'];
  readonly linger?: Jail['linger'];
  readonly autostart?: boolean;
  readonly devices?: Jail['devices'];
  readonly limits?: JailLimits;
  readonly volumes?: readonly JailVolume[];
}

/**
 * Makes and removes jails on disk: ids, directories, record. Used by the command line and, with `auto_create`, by the broker; whoever
 * is second waits or gets `record-exists`. What a crash leaves behind is taken up by the next create or delete of that name.
 */
export class JailLifecycle {
  readonly #config: Config;
  readonly #jails: JailStore;
  readonly #ids: IdAllocator;
  readonly #files: JailFilesTool;

  constructor(config: Config, jails: JailStore, tools: { ids?: IdAllocator; files?: JailFilesTool } = {}) {
    this.#config = config;
    this.#jails = jails;
    this.#ids = tools.ids ?? new IdAllocator(config);
    this.#files = tools.files ?? new JailFilesTool(config.server.keeperPath);
  }

  /** Makes a jail. Faults: `record-exists`, `template-missing`, `ids-exhausted`, `jail-files-failed`, `store-unwritable`. */
  async create(wanted: NewJail): Promise<Jail> {
    return await this.#locked(wanted.name, async () => {
      if ((await this.#jails.find(wanted.name)) !== undefined) {
        throw new JaildError('record-exists', `there is a jail ${wanted.name} already`, {
          fields: { jail: wanted.name },
        });
      }
      const template = wanted.template ?? this.#config.jails.template;
      const { manifest } = await loadTemplateVersion(this.#config.server.stateDir, template, wanted.templateVersion);
      const base = await this.#ids.allocate(wanted.name);
      const jail = this.#toRecord(wanted, { base, template, templateVersion: manifest.version });
      const dir = this.#dir(wanted.name);
      try {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        await this.#files.create({ dir, base });
        await this.#jails.create(jail);
      } catch (error) {
        throw await this.#undo(jail, error);
      }
      return jail;
    });
  }

  /** Removes a jail that does not run: its files, its record, its ids. Faults: `jail-running`, `record-missing`, `jail-files-failed`. */
  async delete(name: JailName): Promise<void> {
    await this.#locked(name, async () => {
      const jail = await this.#jails.require(name);
      await this.#whileStopped(name, () => this.#files.delete({ dir: this.#dir(name), base: jail.base }));
      await this.#jails.remove(name);
      removeDirectories([join(this.#dir(name), 'upper'), join(this.#dir(name), 'work'), this.#dir(name)]);
      this.#removeRunFiles(name);
      await this.#ids.release(name);
    });
  }

  /** Empties a stopped jail back to its template and moves it to that template's newest version; `keep` are paths that stay. */
  async reset(name: JailName, keep: readonly string[] = []): Promise<Jail> {
    return await this.#locked(name, async () => {
      const jail = await this.#jails.require(name);
      const { manifest } = await loadTemplateVersion(this.#config.server.stateDir, jail.template);
      await this.#whileStopped(name, () => this.#files.reset({ dir: this.#dir(name), base: jail.base }, keep));
      return await this.#jails.change(name, (record) => ({ ...record, templateVersion: manifest.version }));
    });
  }

  /** Puts a stopped jail on a version of another template (absent: the newest); its own files stay, on top of it. */
  async changeTemplate(name: JailName, template: TemplateName, version?: string): Promise<Jail> {
    return await this.#locked(name, async () => {
      const { manifest } = await loadTemplateVersion(this.#config.server.stateDir, template, version);
      return await this.#whileStopped(name, () =>
        this.#jails.change(name, (record) => ({ ...record, template, templateVersion: manifest.version })),
      );
    });
  }

  /** Runs `work` while the jail cannot start. Fault: `jail-running`. */
  async #whileStopped<Result>(name: JailName, work: () => Promise<Result>): Promise<Result> {
    const folder = jailRunDir(this.#config.server.runDir, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = tryLock(join(folder, 'lock'));
    if (lock === undefined) {
      throw new JaildError('jail-running', `jail ${name} is running; stop it first with "jailctl jail stop ${name}"`, {
        fields: { jail: name },
      });
    }
    try {
      return await work();
    } finally {
      lock.release();
    }
  }

  #removeRunFiles(name: JailName): void {
    const folder = jailRunDir(this.#config.server.runDir, name);
    for (const file of ['lock', 'state', 'control']) {
      try {
        unlinkSync(join(folder, file));
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    }
    removeDirectories([folder]);
  }

  #toRecord(wanted: NewJail, fixed: Pick<Jail, 'base' | 'template' | 'templateVersion'>): Jail {
    const { jails } = this.#config;
    return {
      name: wanted.name,
      account: wanted.account,
      owner: wanted.owner,
      created: new Date().toISOString(),
      hostname: wanted.hostname ?? toHostName(wanted.name),
      profile: wanted.profile ?? jails.profile,
      network: wanted.network ?? jails.network,
      linger: wanted.linger ?? jails.linger,
      autostart: wanted.autostart ?? jails.autostart,
      devices: wanted.devices ?? [],
      limits: wanted.limits ?? {},
      volumes: wanted.volumes ?? [],
      ...fixed,
    };
  }

  /** Takes back what a failed create made; the first fault stays, a failing clean-up is told with it. */
  async #undo(jail: Jail, error: unknown): Promise<unknown> {
    try {
      await this.#files.delete({ dir: this.#dir(jail.name), base: jail.base });
      removeDirectories([
        join(this.#dir(jail.name), 'upper'),
        join(this.#dir(jail.name), 'work'),
        this.#dir(jail.name),
      ]);
      await this.#ids.release(jail.name);
      return error;
    } catch (cleanup) {
      return withCleanupFailure(error, cleanup);
    }
  }

  #dir(name: JailName): string {
    return stateLayout(this.#config.server).jailDir(name);
  }

  async #locked<Result>(name: JailName, work: () => Promise<Result>): Promise<Result> {
    const { jailsDir } = stateLayout(this.#config.server);
    mkdirSync(jailsDir, { recursive: true, mode: 0o700 });
    return await withLock(join(jailsDir, `.${name}.lock`), work, 60_000);
  }
}

/** A host name out of a jail's name: `alice+web` is `alice-web`, what host names do not allow becomes `-`. */
export function toHostName(name: JailName): HostName {
  const text = name
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '');
  return parseHostName(text === '' ? 'jail' : text);
}

function removeDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch (error) {
      // Expected: already gone; or something of the admin's (snapshots, a damaged record) is still in it and keeps the ids.
      if (!isAbsent(error) && !isErrno(error, 'ENOTEMPTY')) throw error;
    }
  }
}
