import { auditAct } from '../audit-act.js';
import type { AdminCall } from '../call.js';
import type { Reply } from '../dispatch.js';

/** State of the server as a whole. */
export function answerStatus({ context }: AdminCall): Promise<Reply<'status'>> {
  return Promise.resolve({
    answer: {
      version: context.version,
      pid: process.pid,
      startedMs: context.startedMs,
      keeper: context.keeper.isConnected ? 'connected' : 'unreachable',
      listener: context.listeners.isConnected ? 'connected' : 'absent',
      workers: context.workers.size,
      connections: context.connections.size,
      sessions: context.sessions.list().length,
      jailsRunning: context.runtime.listRunning().length,
      draining: context.isDraining(),
    },
  });
}

/** Reads the configuration again. When it is not good the old one stays, and the caller learns why. */
export async function answerReload(call: AdminCall): Promise<Reply<'reload'>> {
  auditAct(call, 'reload', {});
  await call.context.reload();
  return { answer: {} };
}

/** No new connections; the server ends when the last one has gone. */
export function answerDrain(call: AdminCall): Promise<Reply<'drain'>> {
  auditAct(call, 'drain', {});
  call.context.drain();
  return Promise.resolve({ answer: {} });
}

/** Subscribes to what happens; an owner hears of their own. */
export function answerWatch(call: AdminCall): Promise<Reply<'watch'>> {
  call.subscribe();
  return Promise.resolve({ answer: {} });
}
