import { addon } from '../base/addon.js';
import { JaildError } from '../errors/jaild-error.js';
import type { Field, FieldsReader } from './fields.js';
import { FieldsClient, type FieldsReply } from './fields-client.js';
import { type ProcessEnd, readProcessEnd } from './keeper-client.js';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** One session to be set up. At most one of command, argv, toolbox; none of them means a login shell. */
export interface EnterQuestion {
  readonly session: string;
  readonly user: string;
  readonly login: boolean;
  readonly terminal?: TerminalSize & { readonly modes: readonly (readonly [opcode: number, value: number])[] };
  /** Run by the user's shell with -c. */
  readonly command?: Buffer;
  /** Executed directly. */
  readonly argv?: readonly string[];
  /** Program of the host's toolbox, with its further arguments. */
  readonly toolbox?: { readonly name: string; readonly argv: readonly string[] };
  readonly environment: readonly (readonly [name: string, value: Buffer])[];
  readonly cwd?: string;
  readonly umask?: number;
  readonly deadlineMs: number;
}

export interface JailEndpoint {
  readonly kind: 'tcp' | 'unix';
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  readonly user: string;
}

export interface JailStatus {
  readonly initPid: number;
  readonly startedMs: number;
  readonly sessions: number;
  readonly processes: number;
  readonly restarts: number;
}

export interface JailSession {
  readonly session: string;
  readonly user: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly terminal: boolean;
}

export interface JailWatchEvents {
  sessionStarted(session: string, pid: number): void;
  sessionEnded(session: string, end: ProcessEnd): void;
  jailRestarted(): void;
  jailEnded(how: string, end: ProcessEnd): void;
  /** The connection ended; after `jailEnded` that is the usual way. */
  closed(fault: JaildError | null): void;
}

const quickDeadlineMs = 5_000;

/** Client of one running jail's keeper (RUN/jails/NAME/control). Faults: `keeper-failed`, `keeper-unreachable`. */
export class JailControlClient {
  readonly #client: FieldsClient;

  private constructor(fd: number, jail: string, events?: JailWatchEvents) {
    this.#client = new FieldsClient(fd, `jail ${jail}`, {
      event: (name, fields) => events && deliver(events, name, fields),
      closed: (fault) => events?.closed(fault),
    });
  }

  /** Connects to the control socket; throws the errno of connect(2) (ENOENT, ECONNREFUSED) when the jail does not run. */
  static connect(path: string, jail: string, events?: JailWatchEvents): JailControlClient {
    return new JailControlClient(addon.connectUnix(path, 'seqpacket'), jail, events);
  }

  get isClosed(): boolean {
    return this.#client.isClosed;
  }

  /** Answers the session socket at once; the outcome of the set-up comes on it. */
  async enter(question: EnterQuestion): Promise<number> {
    const reply = await this.#client.ask('enter', toEnterFields(question), { deadlineMs: quickDeadlineMs });
    return onlyFd(reply);
  }

  /** Connects from inside the jail's network; `address` is the one that was connected. */
  async connect(endpoint: JailEndpoint, deadlineMs: number): Promise<{ fd: number; address: string }> {
    const fields = [...toEndpointFields(endpoint), ['deadline-ms', deadlineMs] as const];
    const reply = await this.#client.ask('connect', fields, { deadlineMs: deadlineMs + quickDeadlineMs });
    return { fd: onlyFd(reply), address: reply.fields.text('address') ?? '' };
  }

  /** Listens inside the jail's network; `port` is the one bound (0 for a path). */
  async listen(endpoint: JailEndpoint): Promise<{ fd: number; port: number }> {
    const reply = await this.#client.ask('listen', toEndpointFields(endpoint), { deadlineMs: quickDeadlineMs });
    return { fd: onlyFd(reply), port: reply.fields.number('port') ?? 0 };
  }

  async status(): Promise<JailStatus> {
    const { fields } = await this.#client.ask('status', [], { deadlineMs: quickDeadlineMs });
    return {
      initPid: fields.requireNumber('init-pid'),
      startedMs: fields.requireNumber('started'),
      sessions: fields.requireNumber('sessions'),
      processes: fields.requireNumber('processes'),
      restarts: fields.requireNumber('restarts'),
    };
  }

  async sessions(): Promise<JailSession[]> {
    const { fields } = await this.#client.ask('sessions', [], { deadlineMs: quickDeadlineMs });
    return fields.tuples('session').map(([session = '', user = '', pid = '', startedMs = '', terminal = '']) => ({
      session,
      user,
      pid: Number(pid),
      startedMs: Number(startedMs),
      terminal: terminal === '1',
    }));
  }

  async killSession(session: string, signal = 'HUP'): Promise<void> {
    await this.#client.ask(
      'kill-session',
      [
        ['session', session],
        ['signal', signal],
      ],
      { deadlineMs: quickDeadlineMs },
    );
  }

  /** TERM to all, KILL after the deadline; resolves when the jail has ended. */
  async stop(deadlineMs: number): Promise<void> {
    await this.#client.ask('stop', [['deadline-ms', deadlineMs]], { deadlineMs: deadlineMs + 2 * quickDeadlineMs });
  }

  /** Resolves when the jail has ended. */
  async kill(): Promise<void> {
    await this.#client.ask('kill', [], { deadlineMs: 3 * quickDeadlineMs });
  }

  /** Subscribes this connection to the events given to `connect`. */
  async watch(): Promise<void> {
    await this.#client.ask('watch', [], { deadlineMs: quickDeadlineMs });
  }

  close(): void {
    this.#client.close();
  }
}

function onlyFd(reply: FieldsReply): number {
  const [fd, ...more] = reply.fds;
  for (const extra of more) addon.close(extra);
  if (fd === undefined) {
    throw new JaildError('keeper-failed', 'a reply came without its descriptor');
  }
  return fd;
}

function toEnterFields(question: EnterQuestion): Field[] {
  const fields: Field[] = [
    ['session', question.session],
    ['user', question.user],
    ['login', question.login ? 1 : 0],
    ...question.environment.map(([name, value]): Field => ['env', Buffer.concat([Buffer.from(`${name}=`), value])]),
    ['deadline-ms', question.deadlineMs],
  ];
  const { terminal, command, argv, toolbox, cwd, umask } = question;
  if (terminal !== undefined) {
    fields.push(['terminal', 1], ['cols', terminal.columns], ['rows', terminal.rows]);
    fields.push(['xpixels', terminal.widthPixels], ['ypixels', terminal.heightPixels]);
    fields.push(...terminal.modes.map(([opcode, value]): Field => ['mode', [opcode, value]]));
  }
  if (command !== undefined) fields.push(['command', command]);
  if (toolbox !== undefined) fields.push(['toolbox', toolbox.name]);
  fields.push(...(toolbox?.argv ?? argv ?? []).map((value): Field => ['argv', value]));
  if (cwd !== undefined) fields.push(['cwd', cwd]);
  if (umask !== undefined) fields.push(['umask', umask]);
  return fields;
}

function toEndpointFields(endpoint: JailEndpoint): Field[] {
  const fields: Field[] = [
    ['kind', endpoint.kind],
    ['user', endpoint.user],
  ];
  if (endpoint.host !== undefined) fields.push(['host', endpoint.host]);
  if (endpoint.port !== undefined) fields.push(['port', endpoint.port]);
  if (endpoint.path !== undefined) fields.push(['path', endpoint.path]);
  return fields;
}

function deliver(events: JailWatchEvents, name: string, fields: FieldsReader): void {
  switch (name) {
    case 'session-started':
      return events.sessionStarted(fields.requireText('session'), fields.requireNumber('pid'));
    case 'session-ended':
      return events.sessionEnded(fields.requireText('session'), readProcessEnd(fields));
    case 'jail-restarted':
      return events.jailRestarted();
    case 'jail-ended':
      return events.jailEnded(fields.requireText('how'), readProcessEnd(fields));
    default:
      return; // a later keeper may know more events
  }
}
