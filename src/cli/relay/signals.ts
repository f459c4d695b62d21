/** Signals that reach the command line and concern what it relays. */
export type RelayedSignal = 'INT' | 'QUIT' | 'TERM' | 'HUP';

const names: readonly RelayedSignal[] = ['INT', 'QUIT', 'TERM', 'HUP'];

/** Calls back at each of them instead of ending the process; the result ends that. */
export function onSignals(caught: (name: RelayedSignal) => void): () => void {
  const handlers = names.map((name) => [`SIG${name}`, () => caught(name)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
