import { parseTemplateName } from '../base/brands.js';
import { isJaildError } from '../errors/jaild-error.js';
import { listBuiltTemplates, listTemplateVersions, type TemplateManifest, templatePath } from '../template/manifest.js';
import { listRecipes } from '../template/resolve.js';
import { loadTags } from '../template/tags.js';
import type { CliContext } from './context.js';

/** A row of `template list`: one version, or a recipe that has not been built. */
export interface TemplateRow {
  readonly name: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly source: string;
  readonly created: string;
  readonly bytes: number | null;
  readonly files: number | null;
  readonly jails: number;
  readonly state: 'built' | 'not-built' | 'damaged';
}

/** All versions of all templates, and the recipes without one. */
export async function loadTemplateRows(context: CliContext): Promise<TemplateRow[]> {
  const { stateDir, templateDir } = context.config.server;
  const { values: jails } = await context.jails.list();
  const rows: TemplateRow[] = [];
  for (const name of new Set([...(await listRecipes(templateDir)), ...(await listBuiltTemplates(stateDir))].sort())) {
    const template = parseTemplateName(name);
    const versions = await listTemplateVersions(stateDir, template);
    const tags = Object.entries(await loadTags(templatePath(stateDir, template)));
    for (const { version, manifest } of versions) {
      const users = jails.filter((jail) => jail.template === name && jail.templateVersion === version).length;
      const own = tags.filter(([, target]) => target === version).map(([tag]) => tag);
      rows.push(toRow(name, version, own, users, manifest));
    }
    if (versions.length === 0)
      rows.push({
        name,
        version: '',
        tags: [],
        source: '',
        created: '',
        bytes: null,
        files: null,
        jails: 0,
        state: 'not-built',
      });
  }
  return rows;
}

function toRow(
  name: string,
  version: string,
  tags: readonly string[],
  jails: number,
  manifest: TemplateManifest | Error,
): TemplateRow {
  if (isJaildError(manifest) || manifest instanceof Error)
    return { name, version, tags, source: '', created: '', bytes: null, files: null, jails, state: 'damaged' };
  return {
    name,
    version,
    tags,
    source: manifest.source,
    created: manifest.created,
    ...sizeOf(manifest),
    jails,
    state: 'built',
  };
}

/** Of all layers together; layers that other templates share are counted in each. */
export function sizeOf(manifest: TemplateManifest): { files: number; bytes: number } {
  const sum = (key: 'files' | 'bytes'): number => manifest.layers.reduce((total, layer) => total + layer[key], 0);
  return { files: sum('files'), bytes: sum('bytes') };
}
