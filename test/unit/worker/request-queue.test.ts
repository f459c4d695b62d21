import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestQueue, TooManyRequests } from '../../../src/worker/request-queue.js';

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the request queue', () => {
  it('answers in the order of arrival', async () => {
    const queue = new RequestQueue();
    const answers: string[] = [];
    let decide: (verdict: boolean) => void = () => undefined;
    queue.add(
      () => new Promise<boolean>((resolve) => (decide = resolve)),
      (verdict) => answers.push(`slow ${verdict}`),
    );
    queue.add(
      () => true,
      (verdict) => answers.push(`fast ${verdict}`),
    );
    assert.deepEqual(answers, []);
    decide(true);
    await turn();
    assert.deepEqual(answers, ['slow true', 'fast true']);
  });

  it('answers false when a decision fails', async () => {
    const queue = new RequestQueue();
    const answers: unknown[] = [];
    queue.add(
      () => Promise.reject(new Error('no')),
      (verdict) => answers.push(verdict),
    );
    await turn();
    assert.deepEqual(answers, [false]);
  });

  it('answers nobody once it is stopped', async () => {
    const queue = new RequestQueue();
    const answers: unknown[] = [];
    queue.add(
      () => Promise.resolve(true),
      (verdict) => answers.push(verdict),
    );
    queue.stop();
    await turn();
    assert.deepEqual(answers, []);
  });

  it('is bounded', () => {
    const queue = new RequestQueue();
    const add = () =>
      queue.add(
        () => new Promise<boolean>(() => undefined),
        () => undefined,
      );
    assert.throws(() => {
      for (let count = 0; count < 1_000; count += 1) add();
    }, TooManyRequests);
  });
});
