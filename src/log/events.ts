/** How loud an event is. `noise` events come from anybody on the network before login; they pass a rate limit that counts what it holds back. */
export type EventLevel = 'debug' | 'info' | 'warn' | 'error' | 'noise';

/** Every event that the log knows, in past tense, with its level. Add a line here before you log something new. */
export const events = {
  // roles and the whole server
  'server.ready': 'info',
  'server.stopping': 'info',
  'server.stopped': 'info',
  'role.started': 'info',
  'role.exited': 'warn',
  'role.restarted': 'info',
  'role.stopped': 'info',
  'config.loaded': 'info',
  'config.rejected': 'error',
  'log.suppressed': 'info',
  'audit.failed': 'error',
  'audit.recovered': 'warn',

  // listener
  'listener.opened': 'info',
  'listener.draining': 'info',
  'listener.drained': 'info',
  'accept.failed': 'warn',
  'connection.accepted': 'noise',
  'connection.refused': 'noise',
  'connection.identified': 'noise',
  'connection.handed-over': 'noise',
  'connection.authenticated': 'info',
  'connection.closed': 'noise',
  'worker.started': 'info',
  'worker.exited': 'info',
  'worker.failed': 'error',
  'worker.hung': 'error',
  'worker.retired': 'info',

  // records and ids
  'record.quarantined': 'error',
  'ids.claimed': 'info',

  // broker
  'auth.accepted': 'info',
  'auth.rejected': 'noise',
  'auth.unavailable': 'error',
  'key.refused': 'warn',
  'door.violated': 'warn',
  'session.opened': 'info',
  'session.refused': 'info',
  'session.ended': 'info',
  'keeper.lost': 'warn',
  'keeper.connected': 'info',
  'network.degraded': 'warn',
  'connection.resumed': 'info',
  'connection.unresumable': 'warn',
  'broker.reconciled': 'info',
  'jail.created': 'info',
  'jail.started': 'info',
  'jail.ended': 'info',
  'jail.failed': 'error',
  'admin.acted': 'info',

  // worker
  'worker.ready': 'info',
  'worker.check-failed': 'error',
  'worker.degraded': 'warn',
  'worker.drained': 'info',
  'worker.said': 'warn',
  'connection.ended': 'info',
  'connection.dropped': 'noise',
  'session.failed': 'warn',
  'forward.refused': 'info',

  // a fault that nobody expected, with its stack
  'fault.caught': 'error',
} as const satisfies Record<string, EventLevel>;

export type EventName = keyof typeof events;
