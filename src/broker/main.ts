import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../base/project-root.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { KeeperLink } from '../jail/keeper-link.js';
import { JailLifecycle } from '../jail/lifecycle.js';
import { NatNetwork } from '../jail/network.js';
import { JailRuntime } from '../jail/runtime.js';
import { AuditTrail } from '../log/audit.js';
import type { Log } from '../log/log.js';
import { openAccountSource } from '../store/account-source.js';
import { openAccounts } from '../store/accounts.js';
import { openJails } from '../store/jails.js';
import { stateLayout } from '../store/layout.js';
import { watchAccounts } from './account-watch.js';
import { Authenticator } from './authenticate.js';
import { autostart } from './autostart.js';
import { ConnectionTable } from './connection-table.js';
import type { BrokerContext } from './context.js';
import { openSockets } from './doors.js';
import { loadHostKeys } from './host-keys.js';
import { makeJailEvents } from './jail-events.js';
import { ListenerDoors } from './listener-doors.js';
import { PasswordChecker } from './passwords.js';
import { reconcile } from './reconcile.js';
import { ResumeStore } from './resume.js';
import { SessionRegistry } from './session-registry.js';
import { tidyHost } from './tidy-host.js';
import { WatchHub } from './watch-hub.js';
import { WorkerTable } from './worker-table.js';

/** A running broker. */
export interface RunningBroker {
  /** Resolves when it has ended in good order. */
  readonly done: Promise<void>;
  /** Ends it. Jails, sessions and connections go on, and are found again by the next one. A second call is harmless. */
  stop(): Promise<void>;
  /** Reads the configuration again; a bad one is logged and changes nothing. */
  reload(): Promise<void>;
}

/**
 * The broker role: accounts, credentials, host keys, policy, audit. Root, but it never parses SSH, never relays a byte of a session, and
 * never touches a jail's files. Resolves when its sockets are open. The caller holds the instance's lock.
 */
export async function runBroker(config: Config, options: { log: Log }): Promise<RunningBroker> {
  const context = await makeContext(config, options.log);
  await reconcile(context);
  // Exits of workers are told on this connection; a keeper that is not there yet is waited for by whoever needs it.
  context.keeper.client().catch((error: unknown) => context.log.event('keeper.lost', { error }));
  const sockets = openSockets(context);
  const stopWatching = watchAccounts(context);
  void autostart(context);
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    stopWatching();
    for (const socket of sockets) socket.close();
    for (const entry of context.connections.list()) entry.release();
    context.listeners.closeAll();
    for (const door of [...context.adminDoors]) door.close();
    context.workers.close();
    await tidyHost(context);
    context.runtime.close();
    context.keeper.close();
    context.audit.close();
    context.log.flush();
    finish();
  };
  return {
    done,
    stop: () => (stopping ??= end()),
    reload: () => context.reload().catch(() => undefined), // it was logged; the old configuration stays
  };
}

async function makeContext(first: Config, log: Log): Promise<BrokerContext> {
  let config = first;
  let passwords = await PasswordChecker.create(config.auth);
  let isDraining = false;
  const late: { context?: BrokerContext } = {};
  const getContext = (): BrokerContext => {
    if (late.context === undefined) throw new Error('the broker is not complete yet');
    return late.context;
  };
  const audit = new AuditTrail({
    file: config.log.auditFile,
    sync: config.log.auditSync,
    onTrouble: (state, error) => log.event(state === 'failed' ? 'audit.failed' : 'audit.recovered', { error }),
  });
  audit.record('audit.opened', { role: 'broker' });
  const onQuarantine = (file: string, movedTo: string, error: unknown): void =>
    log.event('record.quarantined', { file, movedTo, error });
  const accounts = openAccounts(config.server, onQuarantine);
  let source = openAccountSource(config.auth, accounts);
  const jails = openJails(config.server, onQuarantine);
  const workerExited = (pid: number, end: { code?: number; signal?: string }): void => workers.noteExit(pid, end);
  const keeper = new KeeperLink({ runDir: config.server.runDir, log, workerExited });
  const listeners = new ListenerDoors();
  const workers = new WorkerTable({
    keeper,
    log,
    range: () => config.workers,
    exited: (workerId, end) => listeners.tell('worker-exited', { workerId, ...end }),
  });
  const nat = new NatNetwork(config, { degraded: (problem) => log.event('network.degraded', { problem }) });
  const runtime = new JailRuntime({ config: () => config, keeper, nat, events: makeJailEvents(getContext) });
  const context: BrokerContext = {
    config: () => config,
    log,
    audit,
    accounts,
    jails,
    hostKeys: await loadHostKeys(stateLayout(config.server).keysDir, config.server.hostKeyTypes),
    authenticator: new Authenticator({
      config: () => config,
      source: { find: (name) => source.find(name) },
      records: accounts,
      passwords: () => passwords,
      log,
      audit,
    }),
    resume: new ResumeStore(config.server.runDir, log),
    keeper,
    nat,
    runtime,
    lifecycle: () => new JailLifecycle(config, jails),
    sessions: new SessionRegistry(),
    connections: new ConnectionTable(),
    workers,
    listeners,
    watchers: new WatchHub(),
    adminDoors: new Set(),
    startedMs: Date.now(),
    version: readVersion(),
    async reload() {
      try {
        const next = keepFixed(loadConfig(config.file), config);
        passwords = await PasswordChecker.create(next.auth);
        source = openAccountSource(next.auth, accounts);
        config = next;
        log.event('config.loaded', { file: config.file });
      } catch (error) {
        log.event('config.rejected', { error });
        throw error;
      }
      listeners.tell('reload', {});
    },
    drain() {
      isDraining = true;
      listeners.tell('drain', {});
    },
    isDraining: () => isDraining,
  };
  late.context = context;
  return context;
}

/** Where things are and who they belong to does not change while jails and connections stand on it: that takes a restart. */
function keepFixed(next: Config, current: Config): Config {
  const { firstBase, lastBase } = current.jails;
  return {
    ...next,
    server: {
      ...next.server,
      stateDir: current.server.stateDir,
      runDir: current.server.runDir,
      identification: current.server.identification,
    },
    listener: { ...next.listener, uid: current.listener.uid, gid: current.listener.gid },
    workers: { ...next.workers, firstUid: current.workers.firstUid, uidCount: current.workers.uidCount },
    jails: { ...next.jails, firstBase, lastBase },
    network: current.network,
  };
}

function readVersion(): string {
  return /"version": "([^"]+)"/.exec(readFileSync(join(projectRoot, 'package.json'), 'utf8'))?.[1] ?? 'unknown';
}
