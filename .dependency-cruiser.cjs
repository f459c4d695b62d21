/**
 * Who may import whom (folders follow the data). `npm run lint:imports` also fails when fewer modules were seen than
 * there are source files, so that this file cannot pass by looking at nothing.
 */

/** Folders of src that may be imported by everything else of src: they know nothing of processes or of jails. */
const leaves = ['base', 'errors'];

/** For each folder of src: the other folders that it may import from, besides itself and the leaves. */
const zones = {
  base: [],
  errors: ['base'],
  log: [],
  config: [],
  store: ['config', 'log'],
  template: ['store', 'config', 'log'],
  privsep: ['config', 'log'],
  jail: ['store', 'template', 'privsep', 'config', 'log'],
  supervisor: ['store', 'privsep', 'config', 'log'],
  listener: ['privsep', 'config', 'log'],
  worker: ['privsep', 'log'],
  broker: ['jail', 'store', 'template', 'privsep', 'config', 'log'],
  // of broker and supervisor only the leaves: host keys, user keys, passwords, directories
  cli: ['jail', 'store', 'template', 'privsep', 'config', 'log', 'broker', 'supervisor'],
  bin: ['supervisor', 'listener', 'worker', 'broker', 'cli', 'config', 'log', 'privsep'],
};

const zoneRules = Object.entries(zones).map(([folder, others]) => ({
  name: `zone-${folder}`,
  comment: `src/${folder} may import only from: ${[folder, ...leaves, ...others].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...leaves, ...others].join('|')})/` },
}));

/** Third-party packages sit behind one adapter folder each. */
const packageRules = [
  ['ssh2', '^src/worker/'],
  ['node-pty', '^src/worker/'],
  ['commander', '^src/cli/'],
  ['pino', '^src/log/'],
  ['ini', '^src/base/ini[.]ts'],
].map(([name, home]) => ({
  name: `only-behind-its-adapter-${name}`,
  comment: `${name} is imported below ${home} only`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: `node_modules/(@types/)?${name}/` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'a cycle, of types too, means that two files are one thing',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'product-without-tests',
      comment: 'what is delivered does not depend on the tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'resolvable',
      comment: 'an import that leads nowhere hides everything behind it from these rules',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...zoneRules,
    ...packageRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|native)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
