#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InvalidValueError } from '../base/invalid-value.js';
import { projectRoot } from '../base/project-root.js';
import { toAdminText, toExitStatus } from '../errors/presentation.js';
import type { Log } from '../log/log.js';

/** One entry for all processes of the server; each command loads only its own role's code. */
const commands: Readonly<Record<string, { readonly help: string; run(args: string[]): Promise<number> }>> = {
  serve: { help: 'serve [--config FILE] [--stop-jails]   run the server: all roles on this machine', run: serve },
  config: {
    help: 'config check|show [--config FILE]      check the configuration, or show what holds and where it stands',
    run: config,
  },
  broker: { help: 'broker [--config FILE]                 one role alone (systemd)', run: broker },
  listener: {
    help: 'listener [--run-dir DIR]               one role alone (systemd); listening sockets come as LISTEN_FDS',
    run: listener,
  },
  worker: { help: 'worker                                 one role alone (started by the keeper)', run: worker },
  version: { help: 'version                                print the version', run: version },
  help: { help: 'help                                   print this', run: help },
};

/** What roles need of our environment. */
const environment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

async function serve(args: string[]): Promise<number> {
  const { config: file, 'stop-jails': stopJails } = read(args, {
    config: { type: 'string' },
    'stop-jails': { type: 'boolean' },
  });
  const [{ loadConfig }, { rootLogger }, { Supervisor }, { notifyService }] = await Promise.all([
    import('../config/load.js'),
    import('../log/root.js'),
    import('../supervisor/serve.js'),
    import('../supervisor/announce.js'),
  ]);
  const loaded = loadConfig(file);
  const log = rootLogger({ role: 'supervisor', level: loaded.log.level });
  endOnFault(log);
  const starting = Supervisor.start(loaded, log, {
    stopJails: stopJails === true,
    env: environment,
    onReady: (sockets) => {
      const listen = sockets.map(({ host, port }) => ({ host, port }));
      process.stdout.write(
        `${JSON.stringify({ event: 'server.ready', pid: process.pid, listen, config: loaded.file })}\n`,
      );
      notifyService(log, process.env['NOTIFY_SOCKET'], 'READY=1');
    },
  });
  // Before it is ready a signal waits for that: whatever was started is ended in order. A failed start is told below.
  const whenStarted = (act: (supervisor: Awaited<typeof starting>) => unknown) => (): void =>
    void starting.then(act, () => undefined);
  const stop = whenStarted((supervisor) => supervisor.stop());
  onSignals({ SIGTERM: stop, SIGINT: stop, SIGHUP: whenStarted((supervisor) => supervisor.reload()) });
  await (await starting).done;
  return 0;
}

async function broker(args: string[]): Promise<number> {
  const { config: file, supervised } = read(args, { config: { type: 'string' }, supervised: { type: 'boolean' } });
  const [{ loadConfig }, { holdBroker, holdInstance }, { runBroker }, { announceReady }, { rootLogger }] =
    await Promise.all([
      import('../config/load.js'),
      import('../supervisor/instance.js'),
      import('../broker/main.js'),
      import('../supervisor/announce.js'),
      import('../log/root.js'),
    ]);
  const loaded = loadConfig(file);
  const log = rootLogger({ role: 'broker', level: loaded.log.level });
  endOnFault(log);
  const lock = supervised === true ? await holdBroker(loaded) : await holdInstance(loaded);
  const running = await runBroker(loaded, { log });
  const stop = (): void => void running.stop();
  onSignals({ SIGTERM: stop, SIGINT: stop, SIGHUP: () => void running.reload() });
  if (supervised === true) onSupervisorGone(stop);
  announceReady(log, process.env['NOTIFY_SOCKET']);
  await running.done;
  lock.release();
  return 0;
}

async function listener(args: string[]): Promise<number> {
  const options = read(args, {
    'run-dir': { type: 'string' },
    'log-level': { type: 'string' },
    supervised: { type: 'boolean' },
  });
  const [{ Listener }, { announceReady }, { rootLogger }] = await Promise.all([
    import('../listener/main.js'),
    import('../supervisor/announce.js'),
    import('../log/root.js'),
  ]);
  const level = (['debug', 'info', 'warn', 'error'] as const).find((name) => name === options['log-level']) ?? 'info';
  const log = rootLogger({ role: 'listener', level });
  endOnFault(log);
  const running = await Listener.start({
    runDir: options['run-dir'] ?? '/run/jaild',
    sockets: inheritedSockets(),
    log,
  });
  let isStopping = false;
  const stop = (): void => {
    void (isStopping ? running.hurry() : running.stop());
    isStopping = true;
  };
  onSignals({
    SIGTERM: stop,
    SIGINT: stop,
    SIGUSR2: () => running.detach(),
    SIGHUP: () => void running.reload(),
  });
  if (options.supervised === true) onSupervisorGone(() => running.detach());
  announceReady(log, process.env['NOTIFY_SOCKET']);
  await running.done;
  return 0;
}

async function worker(args: string[]): Promise<number> {
  read(args, {});
  const { runWorker } = await import('../worker/main.js');
  return await runWorker();
}

async function config([verb, ...args]: string[]): Promise<number> {
  const { config: file } = read(args, { config: { type: 'string' } });
  const [{ loadConfig }, { printConfig }] = await Promise.all([
    import('../config/load.js'),
    import('../config/print.js'),
  ]);
  if (verb !== 'check' && verb !== 'show') throw new InvalidValueError('write jaild config check or jaild config show');
  const loaded = loadConfig(file);
  if (verb === 'show') process.stdout.write(printConfig(loaded));
  else
    process.stderr.write(
      `the configuration is good (${loaded.files.length === 0 ? 'defaults only' : loaded.files.join(', ')})\n`,
    );
  return 0;
}

function version(args: string[]): Promise<number> {
  read(args, {});
  // Our own file, read as text: a JSON import would make it part of every role.
  const manifest = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  process.stdout.write(`${/"version": "([^"]+)"/.exec(manifest)?.[1] ?? 'unknown'}\n`);
  return Promise.resolve(0);
}

function help(): Promise<number> {
  const lines = Object.values(commands).map((command) => `  jaild ${command.help}`);
  process.stdout.write(`jaild: an SSH server that gives each user a machine of their own\n\n${lines.join('\n')}\n`);
  return Promise.resolve(0);
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function read<const Wanted extends Options>(args: string[], options: Wanted) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new InvalidValueError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** sd_listen_fds(3): descriptors from 3 on, when they are meant for this process. */
function inheritedSockets(): number[] {
  const meantFor = process.env['LISTEN_PID'];
  const count = Number(process.env['LISTEN_FDS'] ?? '0');
  if (meantFor !== undefined && meantFor !== String(process.pid)) return [];
  if (!Number.isInteger(count) || count < 1 || count > 256)
    throw new InvalidValueError('the listener got no listening sockets (LISTEN_FDS)');
  return Array.from({ length: count }, (_, index) => 3 + index);
}

/** What nobody expected ends the process: it is started again, instead of going on with half a state. */
function endOnFault(log: Log): void {
  const end = (error: unknown): void => {
    log.fault('process', error);
    log.flush();
    process.exit(1);
  };
  process.on('uncaughtException', end).on('unhandledRejection', end);
}

function onSignals(handlers: Readonly<Partial<Record<NodeJS.Signals, () => void>>>): void {
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
}

/** The supervisor holds our standard input open for as long as it lives. */
function onSupervisorGone(stop: () => void): void {
  process.stdin.on('error', stop).on('end', stop).resume();
}

async function main([name = 'help', ...args]: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new InvalidValueError(`there is no command ${name}; jaild help lists them`);
  return await command.run(args);
}

// Whoever read it may be gone; that is no reason to end.
process.stdout.on('error', () => undefined);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`jaild: ${toAdminText(error)}\n`);
  process.exitCode = toExitStatus(error);
}
// A role has ended when its command has: what still waits for something must not hold it.
process.exit();
