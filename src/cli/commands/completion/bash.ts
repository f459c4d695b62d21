import { formatCompletionScript, planCompletion } from '../../completion-script.js';
import type { Verb } from '../../verb.js';

/** `all` gives the whole verb table, which this verb is itself part of. */
export function completionBash(all: () => readonly Verb[]): Verb {
  return {
    words: ['completion', 'bash'],
    summary: 'print the completion script for bash',
    example: 'jailctl completion bash > /etc/bash_completion.d/jailctl',
    run: ({ context }) => {
      context.output.text(formatCompletionScript(planCompletion(all()), 'bash'));
      return Promise.resolve(undefined);
    },
  };
}
