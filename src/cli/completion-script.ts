import type { Command } from './command.js';

/** A script that completes nouns, verbs and options; it is made from the table and asks nothing while it runs. */
export function completionScript(shell: 'bash' | 'zsh', table: readonly Command[]): string {
  const cases = [...toChoices(table)].map(([words, next]) => `    '${words}') next='${[...next].join(' ')}' ;;`);
  const body = [
    '_jailctl() {',
    "  local words='' next='' word",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in -*) ;; *) words="${words:+$words }$word" ;; esac',
    '  done',
    '  case "$words" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$next" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    'complete -o default -F _jailctl jailctl',
  ];
  const before = shell === 'zsh' ? ['#compdef jailctl', 'autoload -U +X bashcompinit && bashcompinit'] : [];
  return `${[...before, ...body].join('\n')}\n`;
}

/** What may follow after each sequence of words: nouns and verbs, and at a verb its options. */
function toChoices(table: readonly Command[]): Map<string, Set<string>> {
  const choices = new Map<string, Set<string>>([['', new Set(['--config', '--format', '--help'])]]);
  for (const command of table) {
    for (const [at, word] of command.path.entries()) {
      const before = command.path.slice(0, at).join(' ');
      choices.set(before, (choices.get(before) ?? new Set()).add(word));
    }
    const options = (command.options ?? []).map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? '');
    choices.set(command.path.join(' '), new Set(['--help', ...options]));
  }
  return choices;
}
