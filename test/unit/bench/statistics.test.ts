import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNoisy, median, quantile, ratioOf } from '../../bench/statistics.js';

test('median and quartiles lie between neighbours by their distance', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(quantile([0, 10], 0.25), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('a ratio is that of the medians and lies in its interval', () => {
  const ours = [10, 11, 12, 9, 10, 11];
  const theirs = [20, 22, 21, 19, 20, 23];
  const { ratio, low, high } = ratioOf(ours, theirs);
  assert.equal(ratio, median(ours) / median(theirs));
  assert.ok(low <= ratio && ratio <= high);
  assert.ok(high < 1);
});

test('the same samples give the same interval', () => {
  assert.deepEqual(ratioOf([1, 2, 3], [2, 3, 4]), ratioOf([1, 2, 3], [2, 3, 4]));
});

test('samples that spread widely are called noisy', () => {
  assert.equal(isNoisy([10, 10, 11, 10]), false);
  assert.equal(isNoisy([10, 30, 10, 30]), true);
});
