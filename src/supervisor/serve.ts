import { addon } from '../base/addon.js';
import { formatListenAddress } from '../base/ip.js';
import type { Config } from '../config/schema.js';
import type { Log } from '../log/log.js';
import { type BoundSocket, bindPatiently } from './bind.js';
import { holdInstance } from './instance.js';
import { checkPrograms, planRoles } from './role-plans.js';
import { RoleProcess } from './role-process.js';
import { stopAllJails } from './stop-jails.js';

export interface ServeOptions {
  /** End the jails with the server, whatever the configuration says. */
  readonly stopJails: boolean;
  /** Environment of the roles; nothing else of ours reaches them. */
  readonly env: Readonly<Record<string, string>>;
  /** Told once, when connections are served. */
  readonly onReady: (sockets: readonly BoundSocket[]) => void;
}

const extraStopMs = 5000;
const brokerStopMs = 10_000;
const keeperStopMs = 5000;

/**
 * `jaild serve`: all roles on one machine. Binds the ports as root, starts keeper, broker and listener in this order, restarts what
 * dies, ends them in the opposite order. It parses nothing from the network and answers no requests.
 */
export class Supervisor {
  readonly #config: Config;
  readonly #log: Log;
  readonly #options: ServeOptions;
  readonly #roles: { keeper: RoleProcess; broker: RoleProcess; listener: RoleProcess };
  readonly #started: RoleProcess[] = [];
  #stopping: Promise<void> | undefined;
  #finish: () => void = () => undefined;
  /** Resolves when everything has ended. */
  readonly done: Promise<void>;

  private constructor(config: Config, log: Log, sockets: readonly BoundSocket[], options: ServeOptions) {
    this.#config = config;
    this.#log = log;
    this.#options = options;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const events = { finished: () => void this.stop() };
    const [keeper, broker, listener] = planRoles(config, sockets, options.env);
    this.#roles = {
      keeper: new RoleProcess(keeper, log, events),
      broker: new RoleProcess(broker, log, events),
      listener: new RoleProcess(listener, log, events),
    };
  }

  /** Returns when the server is ready. Nothing is left when it throws. */
  static async start(config: Config, log: Log, options: ServeOptions): Promise<Supervisor> {
    checkPrograms(config);
    const lock = await holdInstance(config);
    let sockets: BoundSocket[] = [];
    try {
      sockets = await bindPatiently(config.server.listen, config.listener.backlog);
      const supervisor = new Supervisor(config, log, sockets, options);
      void supervisor.done.then(() => closeAll(sockets)).then(() => lock.release());
      await supervisor.#begin(sockets);
      return supervisor;
    } catch (error) {
      closeAll(sockets);
      lock.release();
      throw error;
    }
  }

  /** Ends everything in good order. A second call hurries: connections get no more time. */
  stop(): Promise<void> {
    if (this.#stopping === undefined) this.#stopping = this.#stopInOrder();
    else this.#roles.listener.signal('SIGTERM');
    return this.#stopping;
  }

  /** Reads the configuration again (the broker does, and tells the others). */
  reload(): void {
    this.#roles.broker.signal('SIGHUP');
  }

  async #begin(sockets: readonly BoundSocket[]): Promise<void> {
    try {
      for (const role of [this.#roles.keeper, this.#roles.broker, this.#roles.listener]) {
        await role.start();
        this.#started.push(role);
      }
    } catch (error) {
      await this.#stopStarted();
      throw error;
    }
    this.#log.event('server.ready', { listen: sockets.map(formatListenAddress), config: this.#config.file });
    this.#options.onReady(sockets);
  }

  async #stopStarted(): Promise<void> {
    for (const role of [...this.#started].reverse()) await role.stop('SIGTERM', keeperStopMs);
  }

  async #stopInOrder(): Promise<void> {
    const { server } = this.#config;
    this.#log.event('server.stopping', { deadlineMs: server.stopTimeMs });
    await this.#roles.listener.stop('SIGTERM', server.stopTimeMs + extraStopMs);
    if (this.#options.stopJails || server.stopJails) {
      try {
        await stopAllJails(this.#config, this.#log);
      } catch (error) {
        this.#log.fault('stopping the jails', error); // expected: the broker is gone; the jails stay
      }
    }
    await this.#roles.broker.stop('SIGTERM', brokerStopMs);
    await this.#roles.keeper.stop('SIGTERM', keeperStopMs);
    this.#log.event('server.stopped');
    this.#log.flush();
    this.#finish();
  }
}

function closeAll(sockets: BoundSocket[]): void {
  for (const { fd } of sockets.splice(0)) addon.close(fd);
}
