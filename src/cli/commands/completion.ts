import { JaildError } from '../../errors/jaild-error.js';
import type { Command } from '../command.js';
import { completionScript } from '../completion-script.js';

export const completion: Command = {
  path: ['completion'],
  arguments: '<shell>',
  summary: 'print a completion script for bash or zsh',
  example: 'jailctl completion bash > /etc/bash_completion.d/jailctl',
  async run({ arguments: [shell], output }) {
    if (shell !== 'bash' && shell !== 'zsh') throw new JaildError('usage', 'completion knows bash and zsh');
    const { commandTable } = await import('./table.js');
    output.raw(completionScript(shell, commandTable));
    return 0;
  },
};
