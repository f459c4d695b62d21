import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { projectRoot } from '../../../src/base/project-root.js';
import { buildDoorDoc } from '../../../src/privsep/door-doc.js';

it('docs/door.md is what the request table says', () => {
  const committed = readFileSync(join(projectRoot, 'docs/door.md'), 'utf8');
  assert.equal(committed, buildDoorDoc(), 'run "npm run docs:door" and commit docs/door.md');
});
