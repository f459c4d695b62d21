import type { Verb } from '../../verb.js';

export const serverStatus: Verb = {
  words: ['server', 'status'],
  summary: 'show whether the server runs and what it does',
  example: 'jailctl server status',
  json: '{ version, pid, startedMs, keeper, listener, workers, connections, sessions, jailsRunning, draining }',
  run: async ({ context }) => {
    const { answer } = await context.door().ask('status', {});
    context.output.show(answer, [
      ['version', answer.version],
      ['broker pid', String(answer.pid)],
      ['started', new Date(answer.startedMs).toISOString()],
      ['keeper', answer.keeper],
      ['listener', answer.listener],
      ['workers', String(answer.workers)],
      ['connections', String(answer.connections)],
      ['sessions', String(answer.sessions)],
      ['running jails', String(answer.jailsRunning)],
      ['draining', answer.draining ? 'yes' : 'no'],
    ]);
    return undefined;
  },
};
