import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidValueError } from '../../../src/base/invalid-value.js';
import { codes, type ErrorCode } from '../../../src/errors/codes.js';
import { isAbsent, isDiskFull, isForbidden, isPeerGone } from '../../../src/errors/errno.js';
import { JaildError } from '../../../src/errors/jaild-error.js';
import {
  toAdminText,
  toExitStatus,
  toLoggedError,
  toUserText,
  withCleanupFailure,
} from '../../../src/errors/presentation.js';

const allCodes = Object.keys(codes) as ErrorCode[];

describe('presentation', () => {
  it('tells the user one line that says nothing of the host, for every code', () => {
    for (const code of allCodes) {
      const text = toUserText(new JaildError(code, '/var/lib/jaild/x uid 100663296', { cause: new Error('/secret') }));
      assert.match(text, new RegExp(`^[^\\n/]+ \\[${code}\\]$`));
      assert.doesNotMatch(text.replace(`[${code}]`, ''), /[0-9/]/);
    }
  });

  it('has an exit status for every code and for what nobody expected', () => {
    for (const code of allCodes) assert.equal(toExitStatus(new JaildError(code, 'x')), codes[code].exit);
    assert.equal(toExitStatus(new TypeError('x')), 1);
    assert.equal(toExitStatus(new InvalidValueError('x')), 2);
    assert.match(toUserText(new TypeError('x')), /\[internal\]$/);
  });

  it('tells the admin the chain of causes and the fields, escaped', () => {
    const error = new JaildError('record-damaged', 'cannot read', {
      fields: { file: '/x\u001b', line: 3 },
      cause: new Error('ENOENT'),
    });
    assert.equal(toAdminText(error), 'cannot read (file=/x\\x1b, line=3)\n  because: ENOENT');
  });

  it('keeps both faults when cleaning up failed too', () => {
    const both = withCleanupFailure(new JaildError('store-busy', 'first'), new Error('second'));
    assert.equal(both.code, 'store-busy');
    assert.match(both.message, /first.*second/);
  });

  it('survives a circle of causes', () => {
    const circle = new Error('a');
    circle.cause = circle;
    assert.ok(toLoggedError(circle).message);
  });

  it('tells errno values apart', () => {
    const errno = (code: string) => Object.assign(new Error(code), { code });
    assert.ok(
      isAbsent(errno('ENOENT')) &&
        isForbidden(errno('EACCES')) &&
        isDiskFull(errno('EDQUOT')) &&
        isPeerGone(errno('EPIPE')),
    );
    assert.ok(!isAbsent(new Error('ENOENT')) && !isAbsent(undefined) && !isAbsent(errno('EACCES')));
  });
});
