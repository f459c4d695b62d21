/**
 * What was found about one thing that jaild needs of the host. `degraded`: works, but something is not to be had; `missing`: jails or
 * logins do not work without it. `fix` is a command or sentence that mends it; empty when all is well.
 */
export interface DoctorFinding {
  readonly what: string;
  readonly state: 'ok' | 'degraded' | 'missing';
  readonly reason: string;
  readonly fix: string;
}

export function ok(what: string, reason: string): DoctorFinding {
  return { what, state: 'ok', reason, fix: '' };
}

export function degraded(what: string, reason: string, fix: string): DoctorFinding {
  return { what, state: 'degraded', reason, fix };
}

export function missing(what: string, reason: string, fix: string): DoctorFinding {
  return { what, state: 'missing', reason, fix };
}
