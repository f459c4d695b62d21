import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isJailName, type JailName } from '../base/brands.js';
import { monotonicMs, pause } from '../base/deadline.js';
import type { Config } from '../config/schema.js';
import { isAbsent, isErrno } from '../errors/errno.js';
import { isJaildError, JaildError } from '../errors/jaild-error.js';
import { JailControlClient } from '../privsep/jail-control-client.js';
import type { Jail } from '../store/jails.js';
import { loadTemplateVersion } from '../template/manifest.js';
import type { CgroupPlace } from './cgroup-limits.js';
import { prepareCgroupPlace, removeCgroupPlace } from './cgroup-place.js';
import type { KeeperLink } from './keeper-link.js';
import type { NatNetwork } from './network.js';
import { jailRunDir, planJail } from './plan.js';
import type { JailEvents, RunningJail } from './running-jail.js';
import { encodeSpec } from './spec-codec.js';

const controlDeadlineMs = 5_000;
const retryMs = 20;
const stopSlackMs = 5_000;

export interface RuntimeOptions {
  /** The configuration as it is now (it can be read again). */
  config(): Config;
  readonly keeper: KeeperLink;
  readonly nat: NatNetwork;
  readonly events: JailEvents;
}

/** Starts, finds and stops jails through the keeper. One start or stop at a time per jail; whoever comes meanwhile shares it. */
export class JailRuntime {
  readonly #options: RuntimeOptions;
  readonly #running = new Map<JailName, RunningJail>();
  readonly #starting = new Map<JailName, Promise<RunningJail>>();
  readonly #turns = new Map<JailName, Promise<unknown>>();
  #cgroup: CgroupPlace | null | undefined;

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  /** The jail when it runs. */
  find(name: JailName): RunningJail | undefined {
    const running = this.#running.get(name);
    return running?.control.isClosed === false ? running : undefined;
  }

  listRunning(): RunningJail[] {
    return [...this.#running.values()].filter((running) => !running.control.isClosed);
  }

  /** The running jail, started if need be: fifty first logins at once are one start. Faults: `jail-start-failed`, `jail-limit-impossible`, ... */
  ensureRunning(jail: Jail): Promise<RunningJail> {
    const running = this.find(jail.name);
    if (running !== undefined) return Promise.resolve(running);
    const known = this.#starting.get(jail.name);
    if (known !== undefined) return known;
    const starting = this.#exclusively(jail.name, () => this.#start(jail)).finally(() =>
      this.#starting.delete(jail.name),
    );
    this.#starting.set(jail.name, starting);
    return starting;
  }

  /** TERM, then KILL after the deadline. False when the jail does not run. */
  stop(name: JailName, deadlineMs: number): Promise<boolean> {
    return this.#exclusively(name, () => this.#end(name, (running) => running.control.stop(deadlineMs)));
  }

  /** Ends the jail at once. Does not wait for a start or stop that is under way. */
  async kill(name: JailName): Promise<boolean> {
    return this.#end(name, (running) => running.control.kill());
  }

  /** Finds the jails that run already (the broker was restarted) and takes up their events. Answers how many. */
  async reconcile(): Promise<number> {
    const folder = join(this.#options.config().server.runDir, 'jails');
    const names = listNames(folder).filter((name) => existsSync(join(folder, name, 'control')));
    await Promise.all(names.map((name) => this.#exclusively(name, () => this.#adopt(name))));
    return this.listRunning().length;
  }

  /** Removes the group that held the jails' groups; only when none runs. */
  removeCgroup(): void {
    const place = this.#cgroupPlace();
    this.#cgroup = undefined;
    if (place !== null) removeCgroupPlace(place);
  }

  /** Gives up the control connections; the jails go on. */
  close(): void {
    const controls = [...this.#running.values()].map(({ control }) => control);
    this.#running.clear(); // first: a connection that we close ourselves is no news of the jail
    for (const control of controls) control.close();
  }

  async #start(jail: Jail): Promise<RunningJail> {
    const running = this.find(jail.name) ?? (await this.#adopt(jail.name));
    if (running !== undefined) return running;
    const { keeper, nat, events } = this.#options;
    const config = this.#options.config();
    const template = await loadTemplateVersion(config.server.stateDir, jail.template, jail.templateVersion);
    const resolvers = jail.network === 'nat' ? await nat.ensure() : { servers: [] };
    const spec = planJail(jail, {
      config,
      layers: template.layerPaths,
      cgroup: this.#cgroupPlace(),
      resolvers: resolvers.servers,
    });
    const client = await keeper.client();
    const outcome = await client
      .startJail(jail.name, encodeSpec(spec), config.session.startTimeMs)
      .catch((cause: unknown) => {
        if (!isJaildError(cause, 'keeper-failed')) throw cause;
        throw new JaildError('jail-start-failed', `jail ${jail.name} did not start: ${cause.message}`, {
          fields: cause.fields,
          cause,
        });
      });
    const started = await this.#connect(jail.name, controlDeadlineMs).catch((cause: unknown) => {
      // Expected: somebody else holds the jail's lock (reset, delete), or it ended at once.
      throw new JaildError('jail-start-failed', `jail ${jail.name} is being changed, or ended at once`, {
        fields: { jail: jail.name },
        cause,
      });
    });
    if (outcome.outcome === 'started') events.started(jail.name);
    return started;
  }

  /** Connects to a jail that runs already; undefined when none does. */
  async #adopt(name: JailName): Promise<RunningJail | undefined> {
    try {
      return this.find(name) ?? (await this.#connect(name, 0));
    } catch (error) {
      // Expected: a socket that a killed keeper left behind, or a jail that ended while we asked.
      if (isErrno(error, 'ENOENT', 'ECONNREFUSED') || isJaildError(error, 'keeper-unreachable', 'jail-not-running'))
        return undefined;
      throw error;
    }
  }

  async #connect(name: JailName, waitMs: number): Promise<RunningJail> {
    const control = await this.#connectControl(name, waitMs);
    try {
      await control.watch();
      const sessions = await control.sessions();
      const running = { name, control, sessions: new Set(sessions.map(({ session }) => session)) };
      this.#running.set(name, running);
      return running;
    } catch (error) {
      control.close();
      throw error;
    }
  }

  async #connectControl(name: JailName, waitMs: number): Promise<JailControlClient> {
    const path = join(jailRunDir(this.#options.config().server.runDir, name), 'control');
    const endMs = monotonicMs() + waitMs;
    for (;;) {
      try {
        return this.#openControl(path, name);
      } catch (error) {
        // Expected: the keeper of the jail is not listening yet, or not any more.
        if (!isErrno(error, 'ENOENT', 'ECONNREFUSED', 'EAGAIN') || monotonicMs() >= endMs) throw error;
      }
      await pause(retryMs);
    }
  }

  #openControl(path: string, name: JailName): JailControlClient {
    const { events } = this.#options;
    let hasEnded = false;
    const control = JailControlClient.connect(path, name, {
      sessionStarted: (session) => {
        this.#running.get(name)?.sessions.add(session);
        events.sessionStarted(name, session);
      },
      sessionEnded: (session, end) => {
        this.#running.get(name)?.sessions.delete(session);
        events.sessionEnded(name, session, end);
      },
      jailRestarted: () => events.restarted(name),
      jailEnded: (how, end) => {
        hasEnded = true;
        events.ended(name, how, end);
      },
      closed: () => {
        const isCurrent = this.#running.get(name)?.control === control;
        if (!isCurrent) return;
        this.#running.delete(name);
        if (!hasEnded) events.ended(name, 'lost', {});
      },
    });
    return control;
  }

  async #end(name: JailName, end: (running: RunningJail) => Promise<void>): Promise<boolean> {
    const running = this.find(name) ?? (await this.#adopt(name));
    if (running === undefined) return false;
    try {
      await end(running);
    } catch (error) {
      // Expected: it ended by itself while we asked, and its keeper closed without an answer.
      if (!running.control.isClosed) throw error;
    }
    await untilClosed(running.control, stopSlackMs);
    return true;
  }

  /** Work on one jail in turns. */
  #exclusively<Result>(name: JailName, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(name, settled);
    void settled.then(() => {
      if (this.#turns.get(name) === settled) this.#turns.delete(name);
    });
    return turn;
  }

  #cgroupPlace(): CgroupPlace | null {
    if (this.#cgroup === undefined) this.#cgroup = prepareCgroupPlace(this.#options.config());
    return this.#cgroup;
  }
}

/** A keeper answers `stop` when the jail has ended and then closes; only then its lock is free. */
async function untilClosed(control: JailControlClient, limitMs: number): Promise<void> {
  const endMs = monotonicMs() + limitMs;
  while (!control.isClosed && monotonicMs() < endMs) await pause(retryMs);
  control.close();
}

function listNames(folder: string): JailName[] {
  try {
    return readdirSync(folder).filter(isJailName);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
