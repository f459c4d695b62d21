import type { Config } from '../config/schema.js';
import type { Answer } from '../privsep/request-table.js';
import type { Account } from '../store/accounts.js';
import type { KeyOptions } from './key-options.js';

/** What the sessions of one login may do. Fixed at login, kept over a restart of the broker, judged at each request. */
export interface LoginPolicy {
  readonly terminal: boolean;
  readonly forwarding: boolean;
  readonly agentForwarding: boolean;
  readonly maxSessions: number;
  readonly maxForwards: number;
  readonly idleTimeMs: number;
  /** Runs instead of what the client asks for. */
  readonly command?: string;
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** `host:port` patterns; absent: any. */
  readonly permitOpen?: readonly string[];
  readonly permitListen?: readonly string[];
}

/** Configuration, account and the options of the key that was used; the narrower one wins. */
export function planPolicy(config: Pick<Config, 'session'>, account: Account, options: KeyOptions | null): LoginPolicy {
  const { session } = config;
  const forwarding = session.forwarding && account.options.forwarding !== false && options?.forwarding !== false;
  return {
    terminal: options?.terminal !== false,
    forwarding,
    agentForwarding: forwarding && options?.agentForwarding !== false,
    maxSessions: Math.min(session.maxSessions, account.options.maxSessions ?? session.maxSessions),
    maxForwards: session.maxForwards,
    idleTimeMs: session.idleTimeMs,
    environment: options?.environment ?? [],
    ...(options?.command !== undefined && { command: options.command }),
    ...(options?.permitOpen !== undefined && { permitOpen: options.permitOpen }),
    ...(options?.permitListen !== undefined && { permitListen: options.permitListen }),
  };
}

/** The part that the worker is told. */
export function toWorkerPolicy(
  policy: LoginPolicy,
): Extract<Answer<'check-password'>, { outcome: 'accepted' }>['policy'] {
  const { terminal, forwarding, agentForwarding, maxSessions, maxForwards, idleTimeMs } = policy;
  return { terminal, forwarding, agentForwarding, maxSessions, maxForwards, idleTimeMs };
}

/** Whether `host:port` is one of the permitted targets (`*` for any host or any port); without a list all are. */
export function isPermitted(permitted: readonly string[] | undefined, host: string, port: number): boolean {
  if (permitted === undefined) return true;
  return permitted.some((target) => {
    const split = target.lastIndexOf(':');
    const [wantedHost, wantedPort] = [target.slice(0, split), target.slice(split + 1)];
    return (
      (wantedHost === '*' || wantedHost === host.toLowerCase()) && (wantedPort === '*' || wantedPort === String(port))
    );
  });
}
