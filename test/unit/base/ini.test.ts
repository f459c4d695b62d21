import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatIni, parseIni } from '../../../src/base/ini.js';
import { InvalidValueError } from '../../../src/base/invalid-value.js';

const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}$/);
const section = fc.stringMatching(/^[a-z][a-z0-9 ._:@+-]{0,8}[a-z]$/);
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('true', 'null', '1e3', "'x'", '"', '\\', '\\\\;', 'a # b', ' x ', '[x]', 'a=b', '', "'"),
);

describe('ini', () => {
  it('reads back exactly what it writes', () => {
    const record = fc.dictionary(key, fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 4 })), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.dictionary(section, record, { maxKeys: 4, noNullPrototype: true }), (wanted) => {
        const document = parseIni(formatIni(Object.entries(wanted), ['made by a test']), 'x.ini');
        for (const [name, keys] of Object.entries(wanted)) {
          for (const [entryKey, expected] of Object.entries(keys)) {
            const entry = document.sections.get(name)?.entries.get(entryKey);
            assert.deepEqual(entry?.isList === true ? entry.values : entry?.values[0], expected);
          }
        }
      }),
    );
  });

  it('merges sections of one name and remembers lines', () => {
    const document = parseIni(
      '\ufeff# top\r\n[a]\r\nx = 1 ; note\r\n\r\n[b]\r\ny="2"\r\n[a]\r\nz[] = 3\r\nz[] = 4\r\n',
      'x.ini',
    );
    const a = document.sections.get('a');
    assert.deepEqual(
      [a?.line, a?.entries.get('x')?.values, a?.entries.get('z')?.values, a?.entries.get('z')?.line],
      [2, ['1'], ['3', '4'], 8],
    );
  });

  it('names file and line of what it refuses', () => {
    const refused: readonly (readonly [string, RegExp])[] = [
      ['[a]\nbare\n', /x\.ini:2: .* has no value/],
      ['[a\n', /x\.ini:1: .* not a section header/],
      ['[a]\nx = 1\n\nx = 2\n', /x\.ini:4: x was given already in line 2/],
      ['[a]\nx[] = 1\nx = 2\n', /x\.ini:3: x was given already/],
      ['[a]\n__proto__ = 1\n', /x\.ini:2: .* is not a key/],
      ['[a]\nx = "a" b\n', /x\.ini:2: .* is not a quoted value/],
      ['[a]\nx = "a\n', /x\.ini:2: .* is not a quoted value/],
      ['[\u001b[2J]\n', /x\.ini:1: "\[\\x1b/],
    ];
    for (const [text, message] of refused)
      assert.throws(
        () => parseIni(text, 'x.ini'),
        (error) => error instanceof InvalidValueError && message.test(error.message),
        text,
      );
    assert.throws(() => parseIni('#'.repeat(2 ** 20 + 1), 'x.ini'), InvalidValueError);
  });

  it('never throws anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          parseIni(text, 'x.ini');
        } catch (error) {
          assert.ok(error instanceof InvalidValueError);
        }
      }),
    );
  });
});
