import type { Config } from '../config/schema.js';
import type { KeeperLink } from '../jail/keeper-link.js';
import type { JailLifecycle } from '../jail/lifecycle.js';
import type { NatNetwork } from '../jail/network.js';
import type { JailRuntime } from '../jail/runtime.js';
import type { AuditTrail } from '../log/audit.js';
import type { Log } from '../log/log.js';
import type { AccountStore } from '../store/accounts.js';
import type { JailStore } from '../store/jails.js';
import type { Authenticator } from './authenticate.js';
import type { AdminPeer } from './authorize.js';
import type { ConnectionTable } from './connection-table.js';
import type { HostKey } from './host-keys.js';
import type { ListenerDoors } from './listener-doors.js';
import type { ResumeStore } from './resume.js';
import type { SessionRegistry } from './session-registry.js';
import type { WatchHub } from './watch-hub.js';
import type { WorkerTable } from './worker-table.js';

/** Everything that answers need. One per broker; no answer keeps state of its own. */
export interface BrokerContext {
  /** As it is now: it can be read again while the broker runs. */
  config(): Config;
  readonly log: Log;
  readonly audit: AuditTrail;
  readonly accounts: AccountStore;
  readonly jails: JailStore;
  readonly hostKeys: readonly HostKey[];
  readonly authenticator: Authenticator;
  readonly resume: ResumeStore;
  readonly keeper: KeeperLink;
  readonly nat: NatNetwork;
  readonly runtime: JailRuntime;
  lifecycle(): JailLifecycle;
  readonly sessions: SessionRegistry;
  readonly connections: ConnectionTable;
  readonly workers: WorkerTable;
  readonly listeners: ListenerDoors;
  readonly watchers: WatchHub;
  /** Doors of local clients, to be closed with the broker. */
  readonly adminDoors: Set<{ readonly peer: AdminPeer; close(): void }>;
  readonly startedMs: number;
  readonly version: string;
  /** Reads the configuration again. Faults: those of `loadConfig`; the old one stays then. */
  reload(): Promise<void>;
  /** Tells the listener to take no new connections. */
  drain(): void;
  isDraining(): boolean;
}
