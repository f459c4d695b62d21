import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { formatCompletionScript, planCompletion } from '../../../src/cli/completion-script.js';
import { verbs } from '../../../src/cli/verbs.js';

const entries = planCompletion(verbs);
const script = formatCompletionScript(entries, 'bash');

/** What bash would offer for a line that ends in the word being typed. */
function offered(line: string): string[] {
  const words = ['jailctl', ...line.split(' ')];
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const program = `${script}\njailctl() { printf 'alice\\nbob\\n'; }\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _jailctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', program], { encoding: 'utf8' })
    .split('\n')
    .filter((word) => word !== '');
}

describe('completion', () => {
  it('knows every visible verb and no hidden one', () => {
    const paths = new Set(entries.map((entry) => entry.path));
    for (const verb of verbs) assert.equal(paths.has(verb.words.join(' ')), verb.hidden !== true, verb.words.join(' '));
  });

  it('offers nouns, verbs, options and names where they belong', () => {
    assert.ok(offered('').includes('account'));
    assert.deepEqual(offered('acc'), ['account']);
    assert.deepEqual(offered('account key '), ['add', 'list', 'remove']);
    assert.ok(offered('account add x --mem').includes('--memory'));
    assert.deepEqual(offered('account show a'), ['alice']);
    assert.deepEqual(offered('--config /x/y.ini jail start '), ['alice', 'bob']);
    assert.deepEqual(offered('completion '), ['bash', 'zsh']);
  });
});
