import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../base/project-root.js';
import type { Config } from '../../config/schema.js';
import { isErrno } from '../../errors/errno.js';
import { isJaildError } from '../../errors/jaild-error.js';
import { loadTemplateVersion } from '../../template/manifest.js';
import { listHostChanges } from '../../template/sources/host.js';
import { findUidConflicts } from '../service-uids.js';
import { type DoctorFinding, degraded, missing, ok } from './finding.js';

const runFile = promisify(execFile);

/** The program's own parts, the ids it uses, and its first template. */
export async function examineInstance(config: Config): Promise<DoctorFinding[]> {
  return [
    examineRoot(),
    await examineKeeper(config.server.keeperPath),
    examineReach(),
    examineToolbox(config.server.toolboxDir),
    examineUids(config),
    await examineTemplate(config),
    examineMmdebstrap(),
  ];
}

function examineRoot(): DoctorFinding {
  return process.geteuid?.() === 0
    ? ok('rights', 'root')
    : degraded('rights', 'not root: some things cannot be looked at', 'run "sudo jailctl doctor"');
}

async function examineKeeper(path: string): Promise<DoctorFinding> {
  try {
    const { stdout } = await runFile(path, ['version'], { env: {}, cwd: '/', timeout: 5_000 });
    return ok('jail-keeper', stdout.trim());
  } catch (error) {
    const reason = isErrno(error, 'ENOENT') ? `there is no ${path}` : `${path} does not run`;
    return missing('jail-keeper', reason, 'npm run build:native');
  }
}

/** The listener runs under a uid of its own and must reach its code. */
function examineReach(): DoctorFinding {
  const closed = parentsOf(projectRoot).find((path) => (statSync(path).mode & 0o001) === 0);
  if (closed === undefined) return ok('installation', projectRoot);
  return missing(
    'installation',
    `${closed} is closed to the service ids, which must read ${projectRoot}`,
    `install jaild below a directory that others can pass (chmod o+x ${closed}, or /usr/lib/jaild)`,
  );
}

function parentsOf(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...parentsOf(dirname(path))];
}

function examineToolbox(directory: string): DoctorFinding {
  if (existsSync(join(directory, 'sftp-server'))) return ok('toolbox', 'sftp works in every template');
  return degraded(
    'toolbox',
    `there is no sftp-server in ${directory}: no sftp and no scp`,
    'apt-get install openssh-sftp-server && jailctl init',
  );
}

function examineUids(config: Config): DoctorFinding {
  const [conflict] = findUidConflicts(config);
  if (conflict === undefined) return ok('ids', 'nobody else has the ids of listener, workers and jails');
  return missing('ids', `the ids of ${conflict.what} belong to ${conflict.holder}`, `choose others in ${config.file}`);
}

async function examineTemplate({ jails, server }: Config): Promise<DoctorFinding> {
  const what = `template ${jails.template}`;
  try {
    const { manifest } = await loadTemplateVersion(server.stateDir, jails.template);
    const changes = manifest.source === 'host' ? await listHostChanges(manifest.inputs.facts) : [];
    if (changes.length === 0) return ok(what, manifest.version);
    return degraded(
      what,
      `the host has changed since it was built (${changes.length} things, "jailctl template verify" lists them)`,
      `jailctl template build ${jails.template}`,
    );
  } catch (error) {
    if (isErrno(error, 'EACCES')) return degraded(what, 'only root can look', 'run "sudo jailctl doctor"');
    if (!isJaildError(error)) throw error;
    return missing(what, error.message, `jailctl template build ${jails.template}`);
  }
}

function examineMmdebstrap(): DoctorFinding {
  if (existsSync('/usr/bin/mmdebstrap')) return ok('mmdebstrap', 'Debian templates can be built');
  return degraded(
    'mmdebstrap',
    'not installed: templates with source = debootstrap cannot be built',
    'apt-get install mmdebstrap',
  );
}
