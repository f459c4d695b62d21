/** Holds the attack table against the test files and against the number of rows in each group. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/stage.js';
import { openRows, testedRows } from './table.js';

/** How many rows the attack document has in each group. */
const rowsPerGroup = { T: 26, A: 24, C: 24, F: 16, S: 12, M: 31, K: 32, X: 27, R: 21, N: 11, I: 23, L: 8, Z: 14 };

const here = path.join(projectRoot, 'test/attacks');
const tested = Object.entries(testedRows).flatMap(([file, rows]) => rows.split(' ').map((id) => [id, file] as const));
const open = openRows.flatMap(({ rows }) => rows.split(' '));

test('every row stands once, as tested or as open with a reason', () => {
  const all = [...tested.map(([id]) => id), ...open];
  assert.equal(new Set(all).size, all.length, 'no row twice');
  assert.ok(all.every((id) => /^[A-Z]\d{2}$/.test(id)));
  assert.ok(openRows.every(({ reason }) => reason.length > 10));
});

test('every tested row is named by a test of its file', () => {
  for (const [id, file] of tested) {
    const source = readFileSync(path.join(here, file), 'utf8');
    assert.ok(new RegExp(`\\b${id}\\b`).test(source), `${id} in ${file}`);
  }
});

test('every test file of attacks is in the table', () => {
  const files = readdirSync(here).filter((name) => name.endsWith('.test.ts') && name !== 'table.test.ts');
  assert.deepEqual(
    files.filter((name) => !Object.hasOwn(testedRows, name)),
    [],
  );
});

test('the table has all rows of every group', () => {
  const counts = new Map<string, number>();
  for (const id of [...tested.map(([each]) => each), ...open]) {
    const group = id.slice(0, 1);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), rowsPerGroup);
});
