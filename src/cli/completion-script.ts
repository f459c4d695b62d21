import type { Verb, VerbArgument, VerbOption } from './verb.js';

/** Everything a shell may offer after the words of a verb (or noun): the next words, options, and what kind of name an argument is. */
export interface CompletionEntry {
  /** The words so far, joined by blanks; empty at the beginning. */
  readonly path: string;
  readonly words: readonly string[];
  /** For positional arguments, in order. */
  readonly completes: readonly string[];
}

const globalOptions = ['--config', '--format', '--help', '--version'];

/** The verb table as what to offer where. */
export function planCompletion(verbs: readonly Verb[]): CompletionEntry[] {
  const visible = verbs.filter((verb) => verb.hidden !== true);
  const paths = new Set(visible.flatMap((verb) => verb.words.map((_, depth) => verb.words.slice(0, depth).join(' '))));
  const nouns = [...paths].map((path) => ({
    path,
    words: [...nextWords(visible, path), ...(path === '' ? globalOptions : [])],
    completes: [],
  }));
  const leaves = visible.map((verb) => ({
    path: verb.words.join(' '),
    words: [...(verb.options ?? []).map(({ name }: VerbOption) => `--${name}`), '--help'],
    completes: (verb.args ?? []).map((argument: VerbArgument) => argument.completes ?? 'nothing'),
  }));
  return [...nouns, ...leaves].sort((left, right) => (left.path < right.path ? -1 : 1));
}

function nextWords(verbs: readonly Verb[], path: string): string[] {
  const depth = path === '' ? 0 : path.split(' ').length;
  return [
    ...new Set(
      verbs
        .filter((verb) => verb.words.length > depth && verb.words.slice(0, depth).join(' ') === path)
        .map((verb) => verb.words[depth] ?? ''),
    ),
  ].sort();
}

/** The script for bash; zsh runs the same through bashcompinit. Names are asked of `jailctl completion names KIND`. */
export function formatCompletionScript(entries: readonly CompletionEntry[], shell: 'bash' | 'zsh'): string {
  const cases = entries.map(
    ({ path, words, completes }) => `    '${path}') words='${words.join(' ')}'; kinds='${completes.join(' ')}' ;;`,
  );
  const preamble =
    shell === 'zsh'
      ? '#compdef jailctl\nautoload -U +X bashcompinit && bashcompinit\n'
      : '# bash completion for jailctl\n';
  return `${preamble}_jailctl_entry() {
  case "$1" in
${cases.join('\n')}
    *) return 1 ;;
  esac
}
_jailctl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' next word position=0 words='' kinds='' config=()
  local index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in
      --config) config=(--config "\${COMP_WORDS[index + 1]}"); index=$((index + 1)); continue ;;
      --format) index=$((index + 1)); continue ;;
      -*) continue ;;
    esac
    next="\${path:+$path }$word"
    if [ "$position" -eq 0 ] && _jailctl_entry "$next"; then path="$next"; else position=$((position + 1)); fi
  done
  _jailctl_entry "$path"
  local kind
  kind="$(printf '%s\\n' $kinds | sed -n "$((position + 1))p")"
  case "$kind" in
    accounts|jails|templates)
      [[ "$current" == -* ]] || words="$(jailctl "\${config[@]}" completion names "$kind" 2>/dev/null)" ;;
    files)
      [[ "$current" == -* ]] || { COMPREPLY=($(compgen -f -- "$current")); return; } ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _jailctl jailctl
`;
}
