/** Holds the attack table against the test files, and against the attack document when it lies beside the project. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/stage.js';
import { openRows, testedRows } from './table.js';

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

test('the table has the rows of the attack document', () => {
  const document = [path.join(projectRoot, '../shared/attacks.md'), path.join(projectRoot, 'shared/attacks.md')].find(
    existsSync,
  );
  const rows = new Set([...tested.map(([id]) => id), ...open]);
  assert.ok(rows.size >= 260, `${rows.size} rows`);
  if (document !== undefined) {
    const wanted = [...readFileSync(document, 'utf8').matchAll(/^\| ([A-Z]\d{2}) \|/gm)].map((match) => match[1] ?? '');
    assert.deepEqual(
      wanted.filter((id) => !rows.has(id)),
      [],
      'rows of the document that are missing here',
    );
    assert.deepEqual(
      [...rows].filter((id) => !wanted.includes(id)),
      [],
      'rows here that the document does not have',
    );
  }
});
