/** Calls that the product's code must not make, each with its reason and the files that may. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const bans = [
  {
    pattern: /(?<!\.)\bexec(Sync|File|FileSync)?\(|\bspawnSync\(/,
    except: /^(src\/cli\/|src\/store\/|src\/template\/|src\/jail\/|src\/broker\/)/,
    imports: /from 'node:child_process'/,
    reason: 'listener and workers start no process; a shell line is never built',
  },
  {
    pattern: /(?<!\.)\bexec\(|\bexecSync\(/,
    imports: /from 'node:child_process'/,
    reason: 'runs a shell; use an argument vector',
  },
  { pattern: /\bshell:\s*true/, reason: 'runs a shell; use an argument vector' },
  {
    pattern: /\b(writeFile|writeFileSync|createWriteStream|appendFile|appendFileSync)\(/,
    except: /^src\/(base|store|log|template)\/|^src\/jail\/(cgroup|uplink)/,
    reason: 'a crash leaves half a file; use the atomic writer',
  },
  {
    pattern: /\b(rm|rmSync)\([^)]*recursive:\s*true/s,
    reason: 'follows what a jail may have swapped; use the native remover',
  },
  {
    pattern: /\bJSON\.parse\(/,
    except: /^src\/(privsep|base|template|cli)\/|^src\/broker\/worker-log-line/,
    reason: 'unchecked input; use the codecs, which check the shape',
  },
  {
    pattern: /\bprocess\.env\b/,
    except: /^src\/bin\//,
    reason: 'hidden input; what a role may see is passed to it',
  },
  { pattern: /\bprocess\.exit\(/, except: /^src\/bin\//, reason: 'skips clean-up; throw, or set the exit code in bin' },
  {
    pattern: /\.innerHTML\b|\beval\(|new Function\(/,
    reason: 'code from text',
  },
];

/** The text without comments, so that a ban may be named in one. Line numbers stay. */
function withoutComments(text) {
  const blank = (match) => match.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, blank);
}

let found = 0;
const files = readdirSync('src', { recursive: true })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.join('src', file))
  .sort();
for (const file of files) {
  const text = withoutComments(readFileSync(file, 'utf8'));
  for (const { pattern, except, imports, reason } of bans) {
    if (except?.test(file) || (imports !== undefined && !imports.test(text))) {
      continue;
    }
    for (const match of text.matchAll(new RegExp(pattern, `${pattern.flags}g`))) {
      found += 1;
      const line = text.slice(0, match.index).split('\n').length;
      process.stderr.write(`${file}:${line}: ${match[0]}: ${reason}\n`);
    }
  }
}
if (files.length === 0) {
  process.stderr.write('no source file was looked at\n');
}
process.exitCode = found > 0 || files.length === 0 ? 1 : 0;
