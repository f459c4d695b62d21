import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf, loadHostKeys } from '../../broker/host-keys.js';
import { isJaildError, JaildError } from '../../errors/jaild-error.js';
import { findUidConflicts } from '../../jail/service-uids.js';
import { buildToolbox } from '../../jail/toolbox.js';
import { stateLayout } from '../../store/layout.js';
import { withLock } from '../../store/lock.js';
import { makeDirectories } from '../../supervisor/directories.js';
import { loadRecipe } from '../../template/resolve.js';
import { runBuild } from '../build-run.js';
import type { CliContext } from '../context.js';
import { type Verb, yesOption } from '../verb.js';

const otherInitMs = 300_000;

export const init: Verb = {
  words: ['init'],
  summary:
    'make an instance: directories, host keys, toolbox, first template; a second time it changes only what is missing or old',
  example: 'jailctl init',
  options: [yesOption, { name: 'no-template', summary: 'do not build the first template' }],
  json: '{ stateDir, hostKeys: [{ type, fingerprint }], toolbox: ready or missing, template or null }',
  run: async ({ context, options }) => {
    context.requireRoot();
    const { server } = context.config;
    makeDirectories(context.config);
    mkdirSync(server.templateDir, { recursive: true, mode: 0o755 });
    refuseUidConflicts(context);
    // Two at once would build the same things in the same places.
    return await withLock(
      join(server.stateDir, '.init.lock'),
      () => initialize(context, !options.has('no-template')),
      otherInitMs,
    );
  },
};

async function initialize(context: CliContext, withTemplate: boolean): Promise<undefined> {
  const { config, output } = context;
  const { server } = config;
  const keys = await loadHostKeys(stateLayout(server).keysDir, server.hostKeyTypes);
  const hostKeys = keys.map(({ type, blob }) => ({ type, fingerprint: fingerprintOf(blob) }));
  for (const { type, fingerprint } of hostKeys) output.say(`host key ${type} ${fingerprint}`);
  const toolbox = await prepareToolbox(context);
  const template = withTemplate ? await buildFirstTemplate(context) : null;
  output.done(
    { stateDir: server.stateDir, hostKeys, toolbox, template },
    'ready; next: jailctl doctor, jaild serve, jailctl account add NAME --key FILE',
  );
  return undefined;
}

function refuseUidConflicts({ config }: CliContext): void {
  const [conflict] = findUidConflicts(config);
  if (conflict === undefined) return;
  throw new JaildError(
    'ids-conflict',
    `the ids of ${conflict.what} belong to ${conflict.holder}; give jaild others in ${config.file}`,
  );
}

/** Without an sftp-server the rest works: a warning, not a failure. */
async function prepareToolbox({ config, output }: CliContext): Promise<'ready' | 'missing'> {
  try {
    await buildToolbox(config.server.toolboxDir);
    return 'ready';
  } catch (error) {
    if (!isJaildError(error, 'toolbox-missing')) throw error;
    output.say(`warning: no sftp and no scp until this is mended: ${error.message}`);
    return 'missing';
  }
}

async function buildFirstTemplate(context: CliContext): Promise<string> {
  const found = await loadRecipe(context.config.server.templateDir, context.config.jails.template);
  const { outcome, manifest } = await runBuild(context, found, false);
  context.output.say(
    `template ${found.name}@${manifest.version} ${outcome === 'built' ? 'is built' : 'is up to date'}`,
  );
  return `${found.name}@${manifest.version}`;
}
