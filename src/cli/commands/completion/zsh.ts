import { formatCompletionScript, planCompletion } from '../../completion-script.js';
import type { Verb } from '../../verb.js';

/** `all` gives the whole verb table, which this verb is itself part of. */
export function completionZsh(all: () => readonly Verb[]): Verb {
  return {
    words: ['completion', 'zsh'],
    summary: 'print the completion script for zsh',
    example: 'jailctl completion zsh > /usr/share/zsh/site-functions/_jailctl',
    run: ({ context }) => {
      context.output.text(formatCompletionScript(planCompletion(all()), 'zsh'));
      return Promise.resolve(undefined);
    },
  };
}
