import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isWrongGuess } from '../../../../src/worker/ssh2/guess.js';
import { buildPayload } from '../../../../src/worker/ssh2/wire.js';

function kexInit(kex: string, hostKey: string, follows: boolean): Buffer {
  return buildPayload(20, { raw: Buffer.alloc(16) }, kex, hostKey, '', '', '', '', '', '', '', '', follows, 0);
}

describe('a guessed key exchange packet', () => {
  it('is right when both first choices are ours', () => {
    assert.equal(isWrongGuess(kexInit('curve,other', 'ed,rsa', true), 'curve', 'ed'), false);
  });

  it('is wrong when either first choice is another', () => {
    assert.equal(isWrongGuess(kexInit('other,curve', 'ed', true), 'curve', 'ed'), true);
    assert.equal(isWrongGuess(kexInit('curve', 'rsa,ed', true), 'curve', 'ed'), true);
  });

  it('is none when the client says so', () => {
    assert.equal(isWrongGuess(kexInit('other', 'rsa', false), 'curve', 'ed'), false);
  });
});
