import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { decodeFields, encodeFields, type Field, fieldsLimits } from '../../../src/privsep/fields.js';

const isMalformed = (error: unknown): boolean => isJaildError(error, 'fields-malformed');

describe('fields', () => {
  it('come back equal', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,31}$/);
    const field = fc.tuple(
      name,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 40 }), (fields) => {
        const reader = decodeFields(encodeFields(fields));
        const wanted = new Map<string, Buffer[]>();
        for (const [key, value] of fields) wanted.set(key, [...(wanted.get(key) ?? []), value]);
        assert.deepEqual(reader.names(), [...wanted.keys()]);
        for (const [key, values] of wanted) {
          if (values.length === 1) assert.deepEqual(reader.bytes(key), values[0]);
          else assert.throws(() => reader.bytes(key), isMalformed);
        }
      }),
    );
  });

  it('have the layout that native code reads', () => {
    const bytes = encodeFields([
      ['op', 'stop'],
      ['deadline-ms', 250],
      ['volume', ['ro', '/a', '/b']],
    ]);
    const expected =
      'JF\x01\x00' +
      '\x02\x04\x00\x00\x00opstop' +
      '\x0b\x03\x00\x00\x00deadline-ms250' +
      '\x06\x08\x00\x00\x00volumero\x00/a\x00/b';
    assert.equal(bytes.toString('latin1'), expected);
    assert.deepEqual(decodeFields(bytes).tuples('volume'), [['ro', '/a', '/b']]);
  });

  for (const [what, fields] of Object.entries<Field[]>({
    'a name with a capital': [['Op', 'x']],
    'an empty name': [['', 'x']],
    'a name of 33 letters': [['a'.repeat(33), 'x']],
    'a NUL in a text': [['op', 'a\0b']],
    'a NUL in a tuple part': [['volume', ['a\0', 'b']]],
    'a fraction': [['id', 1.5]],
    'a negative number': [['id', -1]],
    'too many fields': Array.from({ length: fieldsLimits.fields + 1 }, (): Field => ['a', '']),
    'a message above 64 KiB': [['a', Buffer.alloc(fieldsLimits.messageBytes)]],
  })) {
    it(`are not made with ${what}`, () => {
      assert.throws(() => encodeFields(fields), isMalformed);
    });
  }

  it('of a later version are refused in words', () => {
    assert.throws(() => decodeFields(Buffer.from('JF\x02\x00', 'latin1')), /version 2 is newer than 1/);
  });

  it('never make the decoder throw anything but a fault of ours', () => {
    const good = encodeFields([
      ['op', 'enter'],
      ['env', 'A=1'],
      ['env', 'B=2'],
    ]);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        try {
          decodeFields(bytes.subarray(0, length));
        } catch (error) {
          assert.ok(isJaildError(error, 'fields-malformed', 'fields-version'));
        }
      }),
    );
  });

  it('read numbers exactly', () => {
    const reader = decodeFields(
      encodeFields([
        ['a', '12'],
        ['b', '1e3'],
        ['c', '99999999999999999'],
        ['d', ' 1'],
      ]),
    );
    assert.equal(reader.number('a'), 12);
    for (const name of ['b', 'c', 'd']) assert.throws(() => reader.number(name), isMalformed);
    assert.equal(reader.number('missing'), undefined);
    assert.throws(() => reader.requireText('missing'), isMalformed);
  });
});
