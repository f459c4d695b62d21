import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { formatRecipe, type LoadFragment, parseRecipe } from '../../../src/template/recipe.js';
import { recipeKeys } from '../../../src/template/recipe-keys.js';

const none: LoadFragment = () => undefined;

function fragments(texts: Readonly<Record<string, string>>): LoadFragment {
  return (name) => {
    const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
    return text === undefined ? undefined : { file: `fragments/${name}.ini`, text };
  };
}

function fault(text: string, load: LoadFragment = none): string {
  try {
    parseRecipe(text, 'web.ini', load);
  } catch (error) {
    assert.ok(isJaildError(error, 'recipe-invalid'), String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepted: ${text}` });
}

describe('parseRecipe', () => {
  it('reads keys and lists, one value a line or several in a line', () => {
    const text = `[template]
source = debootstrap
description = Web
[debootstrap]
suite = bookworm
packages[] = nginx
packages[] = curl less, nano
`;
    const recipe = parseRecipe(text, 'web.ini', none);
    assert.equal(recipe.source, 'debootstrap');
    assert.equal(recipe.debootstrap.suite, 'bookworm');
    assert.deepEqual(recipe.debootstrap.packages, ['nginx', 'curl', 'less', 'nano']);
  });

  it('names line and nearest key for an unknown key', () => {
    const message = fault('[template]\nsource = host\n\n[host]\nexlude[] = share/doc\n');
    assert.match(message, /^web\.ini:5: .*"exlude".*did you mean "exclude"/);
  });

  it('names line and nearest section for an unknown section', () => {
    assert.match(fault('[template]\nsource = host\n[hots]\netc = x\n'), /^web\.ini:3: .*\[hots\].*did you mean "host"/);
  });

  it('refuses a key before the first section, a missing source, an unknown source', () => {
    assert.match(fault('source = host\n'), /web\.ini:1: .*before the first section/);
    assert.match(fault('[template]\ndescription = x\n'), /must say source/);
    assert.match(fault('[template]\nsource = docker\n'), /web\.ini:2: .*"docker"/);
  });

  it('refuses a section that would have no effect', () => {
    assert.match(fault('[template]\nsource = host\n[debootstrap]\nsuite = sid\n'), /\[debootstrap\] has no effect/);
  });

  it('refuses values that could reach a command line or a path as something else', () => {
    for (const value of ['-o', '--hook', '../etc', '/etc/shadow', 'a/../b', '"a;b"', '$(id)', 'a\\x']) {
      assert.match(fault(`[template]\nsource = host\n[host]\nexclude[] = ${value}\n`), /web\.ini:4/, value);
    }
    for (const value of ['-o', 'Package', 'a=b', '?installed', '~nx', './x.deb']) {
      assert.match(
        fault(`[template]\nsource = debootstrap\n[debootstrap]\npackages[] = ${value}\n`),
        /web\.ini:4/,
        value,
      );
    }
  });

  it('merges fragments before its own values, in the order of inclusion', () => {
    const load = fragments({
      base: '[debootstrap]\nsuite = sid\npackages[] = sudo\n',
      more: '[debootstrap]\ninclude = base\npackages[] = less\n',
    });
    const text =
      '[template]\nsource = debootstrap\n[debootstrap]\ninclude = more\nsuite = bookworm\npackages[] = nano sudo\n';
    const recipe = parseRecipe(text, 'web.ini', load);
    assert.equal(recipe.debootstrap.suite, 'bookworm');
    assert.deepEqual(recipe.debootstrap.packages, ['sudo', 'less', 'nano']);
  });

  it('names the way round when fragments include each other', () => {
    const load = fragments({ a: '[host]\ninclude = b\n', b: '[host]\ninclude = a\n' });
    assert.match(fault('[template]\nsource = host\n[host]\ninclude = a\n', load), /a -> b -> a/);
  });

  it('bounds how often fragments are included', () => {
    const texts: Record<string, string> = { f0: '[host]\netc[] = x\n' };
    for (let level = 1; level < 12; level += 1) texts[`f${level}`] = `[host]\ninclude = f${level - 1} f${level - 1}\n`;
    assert.match(fault('[template]\nsource = host\n[host]\ninclude = f11\n', fragments(texts)), /more than 100/);
  });

  it('names file and line of a fault in a fragment', () => {
    const load = fragments({ base: '[host]\n\nexklude[] = x\n' });
    assert.match(
      fault('[template]\nsource = host\n[host]\ninclude = base\n', load),
      /^fragments\/base\.ini:3: .*exclude/,
    );
  });

  it('refuses a fragment that is not there, lacks the section, or has an odd name', () => {
    const load = fragments({ base: '[template]\ndescription = x\n' });
    const including = (name: string): string => `[template]\nsource = host\n[host]\ninclude = ${name}\n`;
    assert.match(fault(including('nothing')), /web\.ini:4: .*"nothing"/);
    assert.match(fault(including('base'), load), /no section \[host\]/);
    for (const name of ['../base', '__proto__', 'Base']) assert.match(fault(including(name), load), /is not the name/);
  });
});

const path = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}(?:\/[A-Za-z0-9_-]{1,10}){0,3}$/);
const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/);

describe('formatRecipe', () => {
  it('writes what parseRecipe reads back, for every recipe', () => {
    const host = fc.record(
      {
        exclude: fc.uniqueArray(path, { maxLength: 5 }),
        etc: fc.uniqueArray(path, { maxLength: 5 }),
      },
      { noNullPrototype: true },
    );
    const description = fc.string({ maxLength: 200 }).filter((text) => !/[\p{Cc}]/u.test(text));
    fc.assert(
      fc.property(description, host, (text, parts) => {
        const recipe = {
          description: text,
          source: 'host' as const,
          host: parts,
          debootstrap: { components: [], packages: [] },
        };
        assert.deepEqual(parseRecipe(formatRecipe(recipe), 'x.ini', none), recipe);
      }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(word, { maxLength: 8 }), fc.boolean(), (packages, pinned) => {
        const debootstrap = { ...(pinned && { suite: 'bookworm', variant: 'apt' }), components: ['main'], packages };
        const recipe = { description: '', source: 'debootstrap' as const, host: { exclude: [], etc: [] }, debootstrap };
        assert.deepEqual(parseRecipe(formatRecipe(recipe), 'x.ini', none), recipe);
      }),
    );
  });
});

describe('parseRecipe on any text', () => {
  it('gives a recipe or a recipe-invalid fault, nothing else', () => {
    const sections = fc.constantFrom(...Object.keys(recipeKeys), 'include', '__proto__', 'constructor', 'x');
    const keys = fc.constantFrom('source', 'include', 'exclude[]', 'packages', 'suite', '__proto__', 'constructor');
    const line = fc.oneof(
      sections.map((name) => `[${name}]`),
      fc
        .tuple(keys, fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('host', 'debootstrap', 'a')))
        .map(([key, value]) => `${key} = ${value}`),
      fc.string({ maxLength: 30 }),
    );
    const load = fragments({ a: '[host]\ninclude = a\n' });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        try {
          parseRecipe(lines.join('\n'), 'any.ini', load);
        } catch (error) {
          assert.ok(isJaildError(error, 'recipe-invalid'), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
