import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../base/project-root.js';
import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import type { BoundSocket } from './bind.js';
import type { RolePlan } from './role-process.js';

const searchableByOthers = 0o001;
const readableByOthers = 0o004;

/** How the roles of this configuration are started, in the order in which they need each other. */
export function planRoles(
  config: Config,
  sockets: readonly BoundSocket[],
  env: Readonly<Record<string, string>>,
): readonly [keeper: RolePlan, broker: RolePlan, listener: RolePlan] {
  const { server, listener, log } = config;
  const entry = join(projectRoot, 'dist/src/bin/jaild.js');
  return [
    {
      name: 'keeper',
      program: server.keeperPath,
      args: ['host', '--run-dir', server.runDir, '--toolbox', server.toolboxDir],
      env,
    },
    {
      name: 'broker',
      program: process.execPath,
      args: [entry, 'broker', '--supervised', '--config', config.file],
      env,
    },
    {
      name: 'listener',
      program: process.execPath,
      args: [entry, 'listener', '--supervised', '--run-dir', server.runDir, '--log-level', log.level],
      uid: listener.uid,
      gid: listener.gid,
      fds: sockets.map(({ fd }) => fd),
      mayFinish: true,
      env,
    },
  ];
}

/** Says in words what would otherwise fail as "Cannot find module" in a role without rights. Faults: `role-failed`, `keeper-missing`. */
export function checkPrograms({ server }: Pick<Config, 'server'>): void {
  try {
    accessSync(server.keeperPath, constants.X_OK);
  } catch (error) {
    throw new JaildError(
      'keeper-missing',
      `${server.keeperPath} is not there or cannot be run; build it with "make -C native", or set [server] keeper`,
      { cause: error },
    );
  }
  for (let directory: string = projectRoot; ; directory = dirname(directory)) {
    const wanted = directory === projectRoot ? searchableByOthers | readableByOthers : searchableByOthers;
    if ((statSync(directory).mode & wanted) !== wanted) {
      throw new JaildError(
        'role-failed',
        `${directory} is closed to the users of listener and workers; install jaild where everybody can read it`,
        { fields: { directory } },
      );
    }
    if (directory === '/') return;
  }
}
