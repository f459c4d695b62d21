import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseTemplateName } from '../../../src/base/brands.js';
import type { ErrorCode } from '../../../src/errors/codes.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import {
  formatManifest,
  listTemplateVersions,
  loadTemplateVersion,
  parseManifest,
  type TemplateManifest,
  toVersionId,
} from '../../../src/template/manifest.js';
import { formatTags, parseTags } from '../../../src/template/tags.js';

const key = 'ab'.repeat(32);
const digest = `sha256-${'0f'.repeat(32)}`;
const web = parseTemplateName('web');

function manifestOf(version: string): TemplateManifest {
  return {
    schema: 1,
    name: 'web',
    version,
    created: '2026-01-31T12:00:00.000Z',
    description: '',
    source: 'host',
    recipe: '',
    inputs: { key, facts: { dpkg: 'x' } },
    layers: [{ digest, covers: 'contents', role: 'system', files: 1, bytes: 2 }],
  };
}

let stateDir = '';
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'jaild-manifest-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function place(version: string, text = formatManifest(manifestOf(version))): void {
  mkdirSync(join(stateDir, 'templates/web', version), { recursive: true });
  writeFileSync(join(stateDir, 'templates/web', version, 'manifest.json'), text);
  mkdirSync(join(stateDir, 'layers', digest), { recursive: true });
}

const [first, second] = ['20260131-120000-abababab', '20260201-120000-abababab'];

async function rejects(work: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => isJaildError(error, code) && message.test(error.message));
}

describe('loadTemplateVersion', () => {
  it('takes the version that is named, by id or tag, and latest without one', async () => {
    place(first);
    place(second);
    writeFileSync(join(stateDir, 'templates/web/tags.ini'), formatTags({ latest: second, stable: first }));
    assert.equal((await loadTemplateVersion(stateDir, web)).manifest.version, second);
    assert.equal((await loadTemplateVersion(stateDir, web, 'stable')).manifest.version, first);
    const byId = await loadTemplateVersion(stateDir, web, first);
    assert.deepEqual(byId.layerPaths, [join(stateDir, 'layers', digest)]);
  });

  it('says that a template was not built, or has no such version or tag', async () => {
    await rejects(
      loadTemplateVersion(stateDir, web),
      'template-missing',
      /"web" has not been built.*jailctl template build web/,
    );
    place(first);
    for (const name of [second, 'stable', '__proto__', 'constructor', '../web']) {
      await rejects(loadTemplateVersion(stateDir, web, name), 'template-missing', /web/);
    }
  });

  it('refuses a manifest that is broken, of another version, or newer than this program', async () => {
    place(first, '{"schema": 1');
    await rejects(loadTemplateVersion(stateDir, web, first), 'template-damaged', /not a manifest/);
    place(first, formatManifest(manifestOf(second)));
    await rejects(loadTemplateVersion(stateDir, web, first), 'template-damaged', new RegExp(second));
    place(first, JSON.stringify({ ...manifestOf(first), schema: 2 }));
    await rejects(loadTemplateVersion(stateDir, web, first), 'record-too-new', /schema 2.*up to 1/);
  });

  it('refuses a version whose layer is gone', async () => {
    place(first);
    rmSync(join(stateDir, 'layers', digest), { recursive: true });
    await rejects(loadTemplateVersion(stateDir, web, first), 'template-damaged', /gone/);
  });
});

describe('listTemplateVersions', () => {
  it('lists the damaged ones too, oldest first, and nothing that is no version', async () => {
    place(second);
    place(first, 'x');
    mkdirSync(join(stateDir, 'templates/web/.hidden'));
    const listed = await listTemplateVersions(stateDir, web);
    assert.deepEqual(
      listed.map(({ version }) => version),
      [first, second],
    );
    assert.ok(isJaildError(listed[0]?.manifest, 'template-damaged'));
  });
});

describe('parseManifest', () => {
  it('reads what formatManifest writes', () => {
    assert.deepEqual(parseManifest(formatManifest(manifestOf(first)), 'm'), manifestOf(first));
  });

  it('refuses a layer whose name is no digest: it becomes a path', () => {
    for (const name of ['../../etc', 'sha256-', `sha256-${'0F'.repeat(32)}`, `${digest}/x`]) {
      const text = formatManifest(manifestOf(first)).replace(digest, name);
      assert.throws(
        () => parseManifest(text, 'm'),
        (error) => isJaildError(error, 'template-damaged'),
        name,
      );
    }
  });
});

describe('toVersionId', () => {
  it('sorts by age', () => {
    const ids = [new Date('2026-02-01T00:00:00Z'), new Date('2026-01-31T23:59:59Z')].map((date) =>
      toVersionId(date, key),
    );
    assert.deepEqual([...ids].sort(), ids.reverse());
    assert.equal(ids[0], '20260131-235959-abababab');
  });
});

describe('tags', () => {
  it('read back what was written, and nothing from a prototype', () => {
    assert.deepEqual(parseTags(formatTags({ latest: first }), 't'), { latest: first });
    assert.equal(Object.hasOwn(parseTags('', 't'), 'constructor'), false);
    assert.throws(
      () => parseTags('[tags\n', 't'),
      (error) => isJaildError(error, 'template-damaged'),
    );
  });
});
