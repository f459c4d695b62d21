/** How a fault of each code is shown: one plain line for the user, an exit status for the command line. */
export interface CodeEntry {
  /** What the remote user may read: no host path, no uid, no stack. */
  readonly user: string;
  /** Exit status of jailctl: 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 checks found problems, 75 broker unreachable. */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 75;
}

const unavailable = 'The service is not available at the moment. Please try again later.';

/** Every error code of the project. Callers match codes, never messages. */
export const codes = {
  internal: { user: unavailable, exit: 1 },
  usage: { user: 'The command was not understood.', exit: 2 },

  // configuration
  'config-missing': { user: unavailable, exit: 3 },
  'config-unreadable': { user: unavailable, exit: 4 },
  'config-invalid': { user: unavailable, exit: 2 },

  // records, ids and locks
  'record-missing': { user: 'There is nothing of that name.', exit: 3 },
  'record-exists': { user: 'The name is taken.', exit: 5 },
  'record-damaged': { user: unavailable, exit: 1 },
  'record-too-new': { user: unavailable, exit: 1 },
  'record-invalid': { user: 'The value is not allowed.', exit: 2 },
  'store-unwritable': { user: unavailable, exit: 1 },
  'store-busy': { user: 'Somebody else is changing this at the moment.', exit: 5 },
  'ids-exhausted': { user: unavailable, exit: 1 },
  'ids-conflict': { user: unavailable, exit: 5 },
  'instance-running': { user: unavailable, exit: 5 },
  'lookup-unavailable': { user: unavailable, exit: 1 },

  // starting the server
  'listen-taken': { user: unavailable, exit: 5 },
  'listen-forbidden': { user: unavailable, exit: 4 },
  'listen-failed': { user: unavailable, exit: 1 },
  'role-failed': { user: unavailable, exit: 1 },
  'keeper-missing': { user: unavailable, exit: 1 },
  'not-root': { user: unavailable, exit: 4 },
  // The door and native code (src/privsep).
  'door-malformed': { user: unavailable, exit: 1 },
  'door-oversized': { user: unavailable, exit: 1 },
  'door-version': { user: unavailable, exit: 1 },
  'door-refused': { user: 'This is not allowed.', exit: 4 },
  'door-closed': { user: unavailable, exit: 75 },
  'door-timeout': { user: unavailable, exit: 75 },
  'fields-malformed': { user: unavailable, exit: 1 },
  'fields-version': { user: unavailable, exit: 1 },
  'keeper-unreachable': { user: unavailable, exit: 75 },
  'keeper-failed': { user: 'The machine could not do this.', exit: 1 },

  // Templates and their recipes.
  'recipe-invalid': { user: unavailable, exit: 2 },
  'recipe-missing': { user: unavailable, exit: 3 },
  'template-missing': { user: unavailable, exit: 3 },
  'template-damaged': { user: unavailable, exit: 6 },
  'template-build-failed': { user: unavailable, exit: 1 },
  'template-build-cancelled': { user: unavailable, exit: 1 },
  'template-busy': { user: unavailable, exit: 5 },

  // jails and the broker
  'jail-running': { user: 'The machine is running.', exit: 5 },
  'jail-not-running': { user: 'The machine is not running.', exit: 5 },
  'jail-limit-impossible': { user: unavailable, exit: 1 },
  'jail-network-failed': { user: unavailable, exit: 1 },
  'jail-start-failed': { user: 'Your machine could not be started.', exit: 1 },
  'jail-files-failed': { user: unavailable, exit: 1 },
  'toolbox-missing': { user: unavailable, exit: 1 },
  'host-key-unsafe': { user: unavailable, exit: 4 },
  'not-found': { user: 'There is nothing of that name.', exit: 3 },
  'too-many': { user: 'There are too many of these already.', exit: 5 },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof codes;
