import { parseTemplateName } from '../../../base/brands.js';
import { InvalidValueError } from '../../../base/invalid-value.js';
import { loadTemplateVersion, templatePath } from '../../../template/manifest.js';
import { loadTags } from '../../../template/tags.js';
import { showBytes } from '../../render/quantity.js';
import { sizeOf } from '../../template-rows.js';
import type { Verb } from '../../verb.js';

export const templateShow: Verb = {
  words: ['template', 'show'],
  summary: 'show a version of a template: layers, inputs, recipe',
  example: 'jailctl template show host',
  args: [{ name: 'name[@version]', summary: 'the template (default: its latest version)', completes: 'templates' }],
  json: 'the manifest { schema, name, version, created, description, source, recipe, inputs, layers: [{ digest, covers, role, files, bytes }] } with tags and layerPaths',
  run: async ({ context, args }) => {
    context.requireRoot();
    const [text = '', version, ...more] = (args[0] ?? '').split('@');
    if (more.length > 0) throw new InvalidValueError('write NAME or NAME@VERSION');
    const name = parseTemplateName(text);
    const { stateDir } = context.config.server;
    const { manifest, layerPaths } = await loadTemplateVersion(stateDir, name, version);
    const tags = await loadTags(templatePath(stateDir, name));
    const own = Object.keys(tags).filter((tag) => tags[tag] === manifest.version);
    const { files, bytes } = sizeOf(manifest);
    context.output.show({ ...manifest, tags: own, layerPaths }, [
      ['name', manifest.name],
      ['version', manifest.version],
      ['tags', own.join(' ')],
      ['description', manifest.description],
      ['source', manifest.source],
      ['created', manifest.created],
      ['size', `${showBytes(bytes)} in ${files} files`],
      ...manifest.layers.map((layer): [string, string] => [
        `layer ${layer.role}`,
        `${layer.digest} (${showBytes(layer.bytes)}, ${layer.files} files, digest over ${layer.covers})`,
      ]),
      ['inputs', `${manifest.inputs.key} (${Object.keys(manifest.inputs.facts).length} facts, in JSON)`],
      ['recipe', manifest.recipe.trim().replace(/\n+/g, ' | ')],
    ]);
    return undefined;
  },
};
