import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapeUntrusted } from '../../../src/base/untrusted.js';

const forbidden = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u;

describe('untrusted text', () => {
  it('is shown without any control, direction or line character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => !forbidden.test(escapeUntrusted(text))),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !forbidden.test(escapeUntrusted(bytes))));
  });

  it('is capped', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 2000 }),
        fc.integer({ min: 1, max: 300 }),
        (text, cap) => escapeUntrusted(text, cap).length <= cap + 30,
      ),
    );
    assert.equal(escapeUntrusted('abcdef', 3), 'abc...(6 characters)');
    assert.equal(escapeUntrusted(Buffer.alloc(100_000, 'a'), 2), 'aa...(100000 bytes)');
  });

  it('stays apart when it differs', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.string({ unit: 'binary', maxLength: 20 }),
        (a, b) => a === b || escapeUntrusted(a, 1000) !== escapeUntrusted(b, 1000),
      ),
    );
  });

  it('keeps readable text readable', () => {
    assert.equal(escapeUntrusted('grüße 漢字 a-b'), 'grüße 漢字 a-b');
    assert.equal(escapeUntrusted(Buffer.from('grüße \xff', 'utf8')), 'grüße ÿ');
    assert.equal(escapeUntrusted(Uint8Array.of(0x61, 0xff, 0xc3)), 'a\\xff\\xc3');
    assert.equal(escapeUntrusted('a\\b\nc\u001b'), 'a\\\\b\\nc\\x1b');
  });
});
