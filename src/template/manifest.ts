import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type AbsolutePath, parseAbsolutePath, type TemplateName } from '../base/brands.js';
import { escapeUntrusted } from '../base/untrusted.js';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { loadTags } from './tags.js';

/** The newest manifest schema that this program understands. */
export const manifestSchemaVersion = 1;

const digest = z.string().regex(/^sha256-[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

const manifestShape = z.strictObject({
  schema: z.literal(manifestSchemaVersion),
  name: z.string(),
  version: z.string(),
  /** RFC 3339, UTC. */
  created: z.iso.datetime(),
  description: z.string(),
  source: z.string(),
  /** The merged recipe, as INI text. */
  recipe: z.string(),
  inputs: z.strictObject({ key: z.string().regex(/^[0-9a-f]{64}$/), facts: z.record(z.string(), z.string()) }),
  /** Topmost first. */
  layers: z
    .array(
      z.strictObject({
        digest,
        covers: z.enum(['contents', 'times']),
        role: z.enum(['skeleton', 'system']),
        files: count,
        bytes: count,
      }),
    )
    .min(1)
    .max(64),
});

/** What one version of a template is: written once, at the build, never changed. */
export type TemplateManifest = z.infer<typeof manifestShape>;
export type ManifestLayer = TemplateManifest['layers'][number];

/** A version that is there, with everything the jail's spec needs. */
export interface TemplateVersion {
  readonly manifest: TemplateManifest;
  /** Absolute layer directories, topmost first. */
  readonly layerPaths: readonly AbsolutePath[];
}

const versionPattern = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{8}$/;
const maxManifestBytes = 1 << 20;

/** Where the versions and tags of one template are. */
export function templatePath(stateDir: string, name: TemplateName): string {
  return join(stateDir, 'templates', name);
}

/** Where a layer is; the name is its digest. */
export function layerPath(stateDir: string, layerDigest: string): AbsolutePath {
  return parseAbsolutePath(join(stateDir, 'layers', layerDigest));
}

/** The version id of a build: when, and the first digits of its inputs' key, so that ids sort by age. */
export function toVersionId(created: Date, key: string): string {
  const digits = created.toISOString().replace(/[-:]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}-${key.slice(0, 8)}`;
}

export function formatManifest(manifest: TemplateManifest): string {
  return `${JSON.stringify(manifestShape.parse(manifest), null, 2)}\n`;
}

/** Text of a manifest file to its value; `file` is named in the fault (`template-damaged`, or `record-too-new`). */
export function parseManifest(text: string, file: string): TemplateManifest {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new JaildError('template-damaged', `${file} is not a manifest: it is cut off or is no JSON`, {
      cause: error,
    }); // expected: a damaged file
  }
  const schema = typeof raw === 'object' && raw !== null && 'schema' in raw ? raw.schema : undefined;
  if (typeof schema === 'number' && schema > manifestSchemaVersion) {
    throw new JaildError(
      'record-too-new',
      `${file} has schema ${schema}; this program understands up to ${manifestSchemaVersion}`,
    );
  }
  const parsed = manifestShape.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new JaildError(
    'template-damaged',
    `${file} is not a manifest: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`,
  );
}

/**
 * Loads one version: the one named, else the one that tag `latest` points to.
 * Faults: `template-missing` (no such template or version), `template-damaged` (manifest or a layer is broken or gone), `record-too-new`.
 */
export async function loadTemplateVersion(
  stateDir: string,
  name: TemplateName,
  version?: string,
): Promise<TemplateVersion> {
  const wanted = version ?? 'latest';
  const tags = await loadTags(templatePath(stateDir, name));
  const id = versionPattern.test(wanted) ? wanted : Object.hasOwn(tags, wanted) ? tags[wanted] : undefined;
  if (id === undefined) {
    const what =
      version === undefined
        ? `template "${name}" has not been built`
        : `template "${name}" has no version or tag "${escapeUntrusted(wanted, 60)}"`;
    throw new JaildError(
      'template-missing',
      `${what}; see "jailctl template list", or build it with "jailctl template build ${name}"`,
      { fields: { template: name } },
    );
  }
  const manifest = await loadManifest(stateDir, name, id);
  const layerPaths = manifest.layers.map((layer) => layerPath(stateDir, layer.digest));
  await Promise.all(layerPaths.map((path) => requireLayer(path, name, id)));
  return { manifest, layerPaths };
}

/** All versions of a template, oldest first; those whose manifest is broken are reported as their fault. */
export async function listTemplateVersions(
  stateDir: string,
  name: TemplateName,
): Promise<{ version: string; manifest: TemplateManifest | JaildError }[]> {
  const ids = (await namesIn(templatePath(stateDir, name))).filter((id) => versionPattern.test(id)).sort();
  return Promise.all(
    ids.map(async (version) => ({
      version,
      manifest: await loadManifest(stateDir, name, version).catch((error: unknown) => {
        if (error instanceof JaildError) return error; // expected: a damaged manifest is shown as such
        throw error;
      }),
    })),
  );
}

/** Names of the templates that have at least a directory, sorted. */
export async function listBuiltTemplates(stateDir: string): Promise<string[]> {
  return (await namesIn(join(stateDir, 'templates'))).filter((name) => !name.startsWith('.')).sort();
}

async function loadManifest(stateDir: string, name: TemplateName, version: string): Promise<TemplateManifest> {
  const file = join(templatePath(stateDir, name), version, 'manifest.json');
  const text = await readManifest(file, name, version);
  const manifest = parseManifest(text, file);
  if (manifest.name === name && manifest.version === version) return manifest;
  throw new JaildError(
    'template-damaged',
    `${file} is the manifest of ${escapeUntrusted(manifest.name, 64)} ${escapeUntrusted(manifest.version, 64)}`,
  );
}

async function readManifest(file: string, name: TemplateName, version: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= maxManifestBytes) return bytes.toString('utf8');
  } catch (error) {
    if (isAbsent(error))
      throw new JaildError('template-missing', `template "${name}" has no version "${version}"`, {
        cause: error,
        fields: { template: name },
      });
    throw error;
  }
  throw new JaildError('template-damaged', `${file} is larger than ${maxManifestBytes} bytes`);
}

async function requireLayer(path: AbsolutePath, name: TemplateName, version: string): Promise<void> {
  const stat = await lstat(path).catch((error: unknown) => {
    if (isAbsent(error)) return null;
    throw error;
  });
  if (stat?.isDirectory() === true) return;
  throw new JaildError('template-damaged', `a layer of template "${name}" ${version} is gone: ${path}`, {
    fields: { template: name, path },
  });
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
}
