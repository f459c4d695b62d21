import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TemplateName } from '../base/brands.js';
import { formatIni, parseIni } from '../base/ini.js';
import { isAbsent } from '../errors/errno.js';
import { JaildError } from '../errors/jaild-error.js';
import { writeFileAtomically } from '../store/atomic-file.js';
import { digestTree } from './keeper-tree.js';
import { layerPath, loadTemplateVersion, type ManifestLayer, type TemplateManifest, templatePath } from './manifest.js';
import { listHostChanges } from './sources/host.js';

/** One thing that was looked at. `recorded`: the bytes had not been read before; from now on they can be compared. */
export interface VerifyFinding {
  readonly subject: string;
  readonly outcome: 'equal' | 'changed' | 'recorded' | 'outdated';
  readonly detail: string;
}

export interface VerifyRequest {
  readonly stateDir: string;
  readonly keeperPath: string;
  readonly name: TemplateName;
  readonly version?: string;
  /** Read every byte of layers that the manifest names by their files' times. */
  readonly contents: boolean;
}

/**
 * Compares a version with its manifest: each layer's digest again and, for a snapshot of the host, whether the host has changed since
 * (`outdated`: build again to get the upgrade). Faults: as `loadTemplateVersion`.
 */
export async function verifyTemplateVersion(request: VerifyRequest): Promise<readonly VerifyFinding[]> {
  const { manifest } = await loadTemplateVersion(request.stateDir, request.name, request.version);
  const findings: VerifyFinding[] = [];
  for (const layer of manifest.layers) {
    findings.push(await verifyLayer(request, layer));
    if (request.contents && layer.covers === 'times') findings.push(await verifyContents(request, manifest, layer));
  }
  if (manifest.source === 'host') findings.push(toDrift(await listHostChanges(manifest.inputs.facts)));
  return findings;
}

async function verifyLayer({ stateDir, keeperPath }: VerifyRequest, layer: ManifestLayer): Promise<VerifyFinding> {
  const found = await digestTree(keeperPath, layerPath(stateDir, layer.digest), layer.covers);
  const subject = `layer ${layer.role} (${layer.covers})`;
  return found === layer.digest
    ? { subject, outcome: 'equal', detail: found }
    : { subject, outcome: 'changed', detail: `${layer.digest} is now ${found}` };
}

/** The first reading is kept beside the manifest (which never changes); later ones are compared with it. */
async function verifyContents(
  { stateDir, keeperPath, name }: VerifyRequest,
  manifest: TemplateManifest,
  layer: ManifestLayer,
): Promise<VerifyFinding> {
  const file = join(templatePath(stateDir, name), manifest.version, 'contents.ini');
  const recorded = await loadContentDigests(file);
  const found = await digestTree(keeperPath, layerPath(stateDir, layer.digest), 'contents');
  const subject = `layer ${layer.role} (contents)`;
  const expected = recorded.get(layer.role);
  if (expected === undefined) {
    const all = Object.fromEntries([...recorded, [layer.role, found]]);
    await writeFileAtomically(
      file,
      formatIni([['contents', all]], ['digests of whole contents, from the first reading']),
    );
    return { subject, outcome: 'recorded', detail: found };
  }
  return found === expected
    ? { subject, outcome: 'equal', detail: found }
    : { subject, outcome: 'changed', detail: `${expected} is now ${found}` };
}

async function loadContentDigests(file: string): Promise<Map<string, string>> {
  try {
    const entries = parseIni(await readFile(file, 'utf8'), file).sections.get('contents')?.entries ?? new Map();
    return new Map([...entries].map(([role, entry]): [string, string] => [role, entry.values[0] ?? '']));
  } catch (error) {
    if (isAbsent(error)) return new Map();
    throw new JaildError('template-damaged', `${file} cannot be read`, { cause: error });
  }
}

function toDrift(changes: readonly string[]): VerifyFinding {
  const subject = 'host';
  if (changes.length === 0) return { subject, outcome: 'equal', detail: 'the host is as it was at the build' };
  return { subject, outcome: 'outdated', detail: `the host has changed since the build: ${changes.join(', ')}` };
}
