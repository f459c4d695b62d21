import { existsSync } from 'node:fs';
import path from 'node:path';
import { forceRemoval } from './force-removal.js';
import { type InstanceFiles, makeInstanceFiles, mergeSettings, type Settings, writeConfig } from './instance-files.js';
import { type Footprint, leftovers } from './invariants.js';
import { mustRun, type Outcome, type ProgramOptions, runProgram } from './program.js';
import { type LogLine, type Server, serverLog, startServer } from './server.js';
import { claimSlot, type Slot } from './slot.js';
import { attachSeed } from './template-seed.js';
import { until } from './until.js';

/** What `jailctl account add` of a test gets besides the name and the shared key. */
export interface AccountOptions {
  readonly password?: string;
  /** Further arguments, e.g. `['--template', 'debian']`. */
  readonly args?: readonly string[];
}

export interface MakeOptions {
  /** Build the host template in this instance instead of using the one that the suites share. */
  readonly ownTemplates?: boolean;
}

/**
 * A whole jaild in one directory, with ids, addresses and a port of its own. Made by `Instance.make`, ended by `remove`,
 * which fails when anything of it is left on the host.
 */
export class Instance {
  readonly files: InstanceFiles;
  readonly slot: Slot;
  readonly #settings: Settings;
  #server: Server | undefined;

  private constructor(files: InstanceFiles, slot: Slot, settings: Settings) {
    this.files = files;
    this.slot = slot;
    this.#settings = settings;
  }

  /** Stages the product, makes keys and records, gets the host template; starts the server. */
  static async make(name: string, settings: Settings = {}, options: MakeOptions = {}): Promise<Instance> {
    const slot = claimSlot();
    const instance = new Instance(await makeInstanceFiles(slot, name, settings), slot, settings);
    try {
      await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', instance.keyFile]);
      if (options.ownTemplates !== true) {
        await attachSeed(instance.files);
      }
      await instance.mustJailctl(['init', '--yes'], { deadlineMs: 120_000 });
      await instance.start();
      return instance;
    } catch (error) {
      await forceRemoval(instance.footprint);
      slot.release();
      throw error;
    }
  }

  get keyFile(): string {
    return path.join(this.files.directory, 'user-key');
  }

  get knownHosts(): string {
    return path.join(this.files.directory, 'known-hosts');
  }

  get footprint(): Footprint {
    const { directory, runDir, stateDir } = this.files;
    return { directory, runDir, stateDir, slot: this.slot };
  }

  get server(): Server {
    if (this.#server === undefined) {
      throw new Error('the server of this instance was not started');
    }
    return this.#server;
  }

  async start(): Promise<void> {
    this.#server = await startServer(this.files);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** Rewrites the configuration with these settings on top of those given to `make`. */
  configure(settings: Settings): void {
    writeConfig(this.files, this.slot, mergeSettings(this.#settings, settings));
  }

  log(): LogLine[] {
    return serverLog(this.files);
  }

  /** Waits for a line of the server's log. */
  logged(what: string, matches: (line: LogLine) => boolean, deadlineMs = 10_000): Promise<LogLine> {
    return until(`log line: ${what}`, deadlineMs, () => this.log().find(matches));
  }

  /** The command that administers this instance, as it would be typed. */
  get jailctlCommand(): string[] {
    return [process.execPath, path.join(this.files.app, 'dist/src/bin/jailctl.js'), '--config', this.files.config];
  }

  jailctl(args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
    const [program = '', ...first] = this.jailctlCommand;
    return runProgram(program, [...first, ...args], { cwd: '/', ...options });
  }

  mustJailctl(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    const [program = '', ...first] = this.jailctlCommand;
    return mustRun(program, [...first, ...args], { cwd: '/', ...options });
  }

  /** jailctl with --format json, parsed. */
  async jailctlJson<Shape>(args: readonly string[]): Promise<Shape> {
    return JSON.parse(await this.mustJailctl(['--format', 'json', ...args])) as Shape;
  }

  /** Makes an account with its jail; the instance's key logs in. */
  async addAccount(name: string, options: AccountOptions = {}): Promise<void> {
    const password = options.password === undefined ? [] : ['--password-stdin'];
    await this.mustJailctl(
      ['account', 'add', name, '--key', `${this.keyFile}.pub`, ...password, ...(options.args ?? [])],
      {
        ...(options.password === undefined ? {} : { input: `${options.password}\n` }),
      },
    );
  }

  /** Ends everything and removes it. Throws when something had to be removed by force. */
  async remove(): Promise<void> {
    let left: string[] = [];
    try {
      await this.stop();
    } finally {
      const keeper = path.join(this.files.app, 'native/build/jail-keeper');
      if (existsSync(keeper)) {
        left = await leftovers(this.footprint, { withFiles: false }); // those go by our own hand
      }
      await forceRemoval(this.footprint);
      left.push(...(await leftovers(this.footprint)));
      this.slot.release();
    }
    if (left.length > 0) {
      throw new Error(`left behind by the instance:\n${left.join('\n')}`);
    }
  }
}
