import type { AcceptedConnection } from '../base/addon.js';
import type { Log } from '../log/log.js';
import type { ListenerSettings } from '../privsep/worker-control.js';
import { Acceptor } from './acceptor.js';
import { AdmissionControl } from './admission.js';
import { BrokerLink } from './broker-link.js';
import { ConnectionTable } from './connection-table.js';
import { receiveConnection } from './reception.js';
import { ResumeSockets } from './resume-sockets.js';
import { WorkerPool } from './worker-pool.js';

/**
 * The listener role: accepts connections, counts them, reads one line, and hands them to workers. It has a uid of its own, no keys, no
 * crypto, no configuration file, and never looks at what follows the identification line.
 * A fault in one connection ends that connection only.
 */
export class Listener {
  readonly #resumeSockets: ResumeSockets;
  readonly #log: Log;
  readonly #broker: BrokerLink;
  readonly #table = new ConnectionTable();
  #settings: ListenerSettings;
  readonly #admission: AdmissionControl;
  readonly #pool: WorkerPool;
  readonly #acceptor: Acceptor;
  readonly #done: Promise<void>;
  #finish: () => void = () => undefined;
  #stopping = false;

  private constructor(options: {
    runDir: string;
    sockets: readonly number[];
    log: Log;
    broker: BrokerLink;
    settings: ListenerSettings;
  }) {
    this.#log = options.log;
    this.#resumeSockets = new ResumeSockets(options.runDir, options.log);
    this.#broker = options.broker;
    this.#settings = options.settings;
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#admission = new AdmissionControl(options.settings.listener);
    this.#pool = new WorkerPool({
      broker: this.#broker,
      settings: options.settings,
      log: this.#log,
      events: {
        closed: (connectionId) => this.#table.end(connectionId),
        needResume: (worker, connectionId) => void this.#resumeSockets.bring(worker, connectionId),
        lost: (_worker, connectionIds) => {
          for (const connectionId of connectionIds) this.#table.end(connectionId);
        },
      },
    });
    this.#acceptor = new Acceptor(options.sockets, this.#log, (accepted) => void this.#receive(accepted));
    this.#log.event('listener.opened', { sockets: options.sockets.length });
  }

  /** Gets the settings from the broker (waiting for it as long as it takes) and begins to accept on `sockets`. */
  static async start(options: { runDir: string; sockets: readonly number[]; log: Log }): Promise<Listener> {
    const late: { listener?: Listener } = {};
    const broker = new BrokerLink(
      `${options.runDir}/listener.sock`,
      {
        'connection-authenticated': ({ connectionId, account }) => late.listener?.noteLogin(connectionId, account),
        'connection-ended': ({ connectionId }) => late.listener?.noteEnd(connectionId),
        'worker-exited': ({ workerId, code, signal }) =>
          options.log.event('worker.exited', { worker: workerId, code, signal }),
        reload: () => void late.listener?.reload(),
        drain: () => void late.listener?.stop(),
      },
      () => void late.listener?.reload(),
    );
    late.listener = new Listener({ ...options, broker, settings: await loadSettings(broker, options.log) });
    return late.listener;
  }

  /** Resolves when the listener has ended in good order. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Accepts nothing any more, lets connections finish until the deadline, then ends the workers. */
  async stop(deadlineMs = this.#settings.listener.stopTimeMs): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#acceptor.stop();
    this.#log.event('listener.draining', { connections: this.#table.size, deadlineMs });
    await this.#pool.drain(deadlineMs);
    this.#end();
  }

  /** Ends what `stop` waits for now. */
  async hurry(): Promise<void> {
    await this.#pool.killAll();
  }

  /** Accepts nothing any more and ends at once; the workers finish what they have (an upgrade: another listener takes over). */
  detach(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#acceptor.stop();
    this.#pool.detach();
    this.#end();
  }

  #end(): void {
    this.#broker.close();
    this.#log.event('listener.drained', { connections: this.#table.size });
    this.#log.flush();
    this.#finish();
  }

  async #receive(accepted: AcceptedConnection): Promise<void> {
    try {
      await receiveConnection(
        {
          settings: this.#settings,
          admission: this.#admission,
          broker: this.#broker,
          pool: this.#pool,
          table: this.#table,
          log: this.#log,
        },
        accepted,
      );
    } catch (error) {
      this.#log.fault('receiving a connection', error);
    }
  }

  /** The broker says: this connection is logged in. */
  noteLogin(connectionId: string, account: string): void {
    this.#table.find(connectionId)?.slot.authenticated();
    this.#log.event('connection.authenticated', { connection: connectionId, account });
  }

  /** The broker says: this connection has ended. */
  noteEnd(connectionId: string): void {
    const connection = this.#table.end(connectionId);
    if (connection !== undefined) this.#pool.connectionEnded(connection.worker, connectionId);
  }

  /** Asks for the settings again; without an answer the old ones stay. */
  async reload(): Promise<void> {
    try {
      const { answer } = await this.#broker.ask('configuration', {});
      this.#settings = answer;
      this.#admission.setLimits(answer.listener);
      if (!this.#stopping) this.#pool.setSettings(answer);
    } catch (error) {
      this.#log.event('config.rejected', { error }); // expected: the broker went away again
    }
  }
}

async function loadSettings(broker: BrokerLink, log: Log): Promise<ListenerSettings> {
  for (;;) {
    try {
      return (await broker.ask('configuration', {})).answer;
    } catch (error) {
      log.debug('the broker is not there yet', { error });
    }
  }
}
