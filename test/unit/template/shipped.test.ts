import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseTemplateName } from '../../../src/base/brands.js';
import { listRecipes, loadRecipe, shippedTemplateDir } from '../../../src/template/resolve.js';

const files = [
  ...readdirSync(shippedTemplateDir).filter((name) => name.endsWith('.ini')),
  ...readdirSync(join(shippedTemplateDir, 'fragments')).map((name) => join('fragments', name)),
];

describe('shipped recipes', () => {
  it('are all listed and all good', async () => {
    const names = await listRecipes('/nonexistent');
    assert.ok(names.length >= 3);
    for (const name of names)
      assert.notEqual((await loadRecipe('/nonexistent', parseTemplateName(name))).recipe.description, '');
  });

  it('include every fragment that is shipped', () => {
    const used = files.map((file) => readFileSync(join(shippedTemplateDir, file), 'utf8')).join('\n');
    for (const file of files.filter((name) => name.startsWith('fragments/'))) {
      const name = file.slice('fragments/'.length, -'.ini'.length);
      assert.match(used, new RegExp(`^include = .*\\b${name}\\b`, 'm'), file);
    }
  });

  for (const file of files) {
    it(`${file} has a comment above each section`, () => {
      const lines = readFileSync(join(shippedTemplateDir, file), 'utf8').split('\n');
      const headers = lines.flatMap((line, index) => (line.startsWith('[') ? [index] : []));
      assert.ok(headers.length > 0);
      for (const index of headers) assert.match(lines[index - 1] ?? '', /^# ./, `${file}:${index + 1}`);
    });
  }

  it('name no package source', () => {
    for (const file of files) assert.doesNotMatch(readFileSync(join(shippedTemplateDir, file), 'utf8'), /:\/\//, file);
  });
});
