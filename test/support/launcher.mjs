/**
 * Entry point of `npm run demo`, `npm test` and `npm run setup`. Has no dependencies: it works on a fresh clone, before
 * any `npm install`, and brings in what is missing: Debian packages by name, npm packages, the build.
 *
 *   launcher.mjs demo [--check]   start an instance, print how to log in, wait for Ctrl-C (or log in, check, end)
 *   launcher.mjs test [level...]  every level of the tests, or the named ones
 *   launcher.mjs setup            only install and build
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, missingPackages } from './launcher/apt.mjs';
import { buildNative, buildTypescript } from './launcher/build.mjs';
import { installModules, isInstalled } from './launcher/node-modules.mjs';
import { runPackages, testPackages } from './launcher/packages.mjs';
import { say, step } from './launcher/progress.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** What this machine must offer before anything else makes sense; a text that says what to do, or undefined. */
function objection() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19) || major >= 27) {
    return `Node ${process.versions.node} is not supported; jaild wants 20.19 or newer, below 27.`;
  }
  if (process.platform !== 'linux') {
    return 'jaild runs on Linux only.';
  }
  if (process.getuid() !== 0) {
    return 'This needs root: namespaces with id ranges, mounts and network links are made. Run it with sudo.';
  }
  return undefined;
}

async function installWhatIsMissing(packages) {
  const missing = await missingPackages(packages);
  if (missing.length > 0) {
    await step(`Debian packages installed: ${missing.join(' ')}`, () => installPackages(missing));
  }
  if (!isInstalled(root)) {
    await step('npm packages installed', () => installModules(root));
  }
}

async function build() {
  await step('native code built', () => buildNative(root));
  await step('TypeScript built', () => buildTypescript(root));
}

/** Hands over to the next program for good: signals reach it as they reach us, its status becomes ours. */
function become(file, args) {
  const child = spawn(process.execPath, [path.join(root, file), ...args], { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('close', (code, signal) => {
    process.exitCode = signal === null ? code : 1;
  });
}

const verbs = {
  setup: async () => {
    await installWhatIsMissing([...runPackages, ...testPackages]);
    await build();
  },
  demo: async (args) => {
    await installWhatIsMissing(runPackages);
    await build();
    become('dist/test/support/demo.js', args);
  },
  test: async (args) => {
    await installWhatIsMissing([...runPackages, ...testPackages]);
    become('test/support/run-levels.mjs', args);
  },
};

const [verb = '', ...args] = process.argv.slice(2);
const problem = objection();
if (!Object.hasOwn(verbs, verb)) {
  say('usage: launcher.mjs demo [--check] | test [level...] | setup');
  process.exitCode = 2;
} else if (problem !== undefined) {
  say(problem);
  process.exitCode = 1;
} else {
  try {
    await verbs[verb](args);
  } catch (error) {
    say(`\n${error.message}`);
    process.exitCode = 1;
  }
}
