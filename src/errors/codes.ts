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
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof codes;
