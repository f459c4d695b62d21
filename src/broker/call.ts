import type { AuthenticatedAccount } from './authenticated-account.js';
import type { AdminPeer } from './authorize.js';
import type { AuthenticatedConnection, Connection } from './connection.js';
import type { BrokerContext } from './context.js';

/** What an answer to a worker may do with the door it came on. */
export interface WorkerDoorHandle {
  /** The login is done: the connection is an authenticated one from now on. */
  login(account: AuthenticatedAccount): Promise<AuthenticatedConnection>;
  /** A resume connection proved itself. */
  restore(connection: AuthenticatedConnection): void;
  /** The connection has said its last word. */
  finish(reason: string, bytesIn: number, bytesOut: number): void;
  /** Ends the door: the question cannot come from an honest worker. */
  violate(reason: string, request: string): never;
}

/** One question of a worker, in the phase that its answer needs. */
export interface WorkerCall<C extends Connection> {
  readonly context: BrokerContext;
  readonly connection: C;
  readonly door: WorkerDoorHandle;
}

/** One question of a local peer. */
export interface AdminCall {
  readonly context: BrokerContext;
  readonly peer: AdminPeer;
  /** Subscribes this door to activity. */
  subscribe(): void;
}
