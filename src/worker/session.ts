import type { Log } from '../log/log.js';
import type { Channel } from './channel.js';
import type { ConnectionDoor } from './connection-door.js';
import { EnvironmentCapture } from './environment.js';
import { buildExitRequest } from './exit-status.js';
import { RunningSession } from './running-session.js';
import { closeEnds } from './session-link.js';
import { type Opening, openSession } from './session-opening.js';
import { tellUser } from './session-text.js';
import { isAllowedSignal } from './signals.js';
import { WireReader } from './ssh2/wire.js';
import { parseTerminalRequest, parseWindowChange, type TerminalRequest, type WindowSize } from './terminal-request.js';

export interface SessionOptions {
  readonly channel: Channel;
  readonly door: ConnectionDoor;
  readonly log: Log;
  readonly acceptEnvironment: readonly string[];
  readonly allowTerminal: boolean;
  readonly knowsEndOfWrite: boolean;
}

/** What a client asked to run. */
type Command =
  | { readonly kind: 'shell' }
  | { readonly kind: 'exec'; readonly command: string }
  | { readonly kind: 'subsystem'; readonly subsystem: string };

/** Where a session stands; what belongs to one phase exists in no other. */
type Phase =
  | { readonly name: 'fresh'; terminal: TerminalRequest | null; readonly environment: EnvironmentCapture }
  | { readonly name: 'opening'; size: WindowSize | null }
  | {
      readonly name: 'opened';
      readonly opening: Opening;
      readonly size: WindowSize | null;
      readonly isSftp: boolean;
      readonly hasTerminal: boolean;
    }
  | { readonly name: 'running'; readonly program: RunningSession }
  | { readonly name: 'over' };

type Verdict = boolean | Promise<boolean>;

const maxCommandBytes = 256 * 1024;
const maxSubsystemBytes = 64;
/** Status that ssh itself uses for "not even started". */
const notStarted = 255;

/** One session channel: its requests in their phases (RFC 4254 section 6). Anything out of phase is answered with failure. */
export class Session {
  readonly #options: SessionOptions;
  #phase: Phase;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#phase = { name: 'fresh', terminal: null, environment: new EnvironmentCapture(options.acceptEnvironment) };
    options.channel.onClose(() => this.#onClose());
  }

  /** Carries out one request; `body` is what follows the want-reply octet. */
  request(type: string, body: Buffer): Verdict {
    const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    return handler === undefined ? false : handler(this, body);
  }

  /** To be called when a request has been answered: only then may output follow. */
  answered(): void {
    if (this.#phase.name === 'opened') this.#run(this.#phase);
  }

  takeTerminal(body: Buffer): boolean {
    if (this.#phase.name !== 'fresh' || this.#phase.terminal !== null || !this.#options.allowTerminal) return false;
    this.#phase.terminal = parseTerminalRequest(body);
    return true;
  }

  takeVariable(body: Buffer): boolean {
    const reader = new WireReader(body);
    const name = reader.string();
    return this.#phase.name === 'fresh' && this.#phase.environment.add(name, reader.string());
  }

  async start(command: Command): Promise<boolean> {
    if (this.#phase.name !== 'fresh') return false;
    const { terminal, environment } = this.#phase;
    const { door, log } = this.#options;
    this.#phase = { name: 'opening', size: terminal };
    const opening = await openSession(
      door,
      { ...command, environment: environment.toQuestion(), ...(terminal && { terminal }) },
      log,
    );
    if (this.#phase.name !== 'opening') {
      abandon(opening);
      return false;
    }
    const isSubsystem = command.kind === 'subsystem';
    if (isSubsystem && opening.outcome === 'refused') {
      this.#phase = { name: 'over' };
      return false;
    }
    const isSftp = isSubsystem && command.subsystem === 'sftp';
    this.#phase = { name: 'opened', opening, size: this.#phase.size, isSftp, hasTerminal: terminal !== null };
    return true;
  }

  resize(body: Buffer): boolean {
    const size = parseWindowChange(body);
    if (this.#phase.name !== 'running' || !this.#phase.program.hasTerminal) return false;
    this.#phase.program.resize(size);
    return true;
  }

  signal(body: Buffer): boolean {
    const name = new WireReader(body).text();
    if (this.#phase.name !== 'running' || !isAllowedSignal(name)) return false;
    this.#phase.program.signal(name);
    return true;
  }

  /** A break on a terminal that is no serial line does nothing, successfully (RFC 4335). */
  takeBreak(): boolean {
    return this.#phase.name === 'running' && this.#phase.program.hasTerminal;
  }

  closeOutput(): boolean {
    if (this.#phase.name !== 'running') return false;
    this.#phase.program.closeOutput();
    return true;
  }

  #run(phase: Extract<Phase, { name: 'opened' }>): void {
    const { channel, knowsEndOfWrite } = this.#options;
    const { opening, size, isSftp, hasTerminal } = phase;
    if (opening.outcome === 'started') {
      const { link, ends } = opening;
      this.#phase = {
        name: 'running',
        program: new RunningSession({ channel, link, ends, size, isSftp, knowsEndOfWrite }),
      };
      return;
    }
    this.#phase = { name: 'over' };
    tellUser(channel, opening.text, hasTerminal);
    channel.sendRequest(buildExitRequest(channel.remoteId, { how: 'exited', code: notStarted }));
    channel.sendEof();
    channel.close();
  }

  #onClose(): void {
    if (this.#phase.name === 'opened') abandon(this.#phase.opening);
    this.#phase = { name: 'over' };
  }
}

/** Every channel request that a session knows. x11-req and auth-agent-req are refused like unknown ones. */
const handlers: Readonly<Record<string, (session: Session, body: Buffer) => Verdict>> = {
  'pty-req': (session, body) => session.takeTerminal(body),
  env: (session, body) => session.takeVariable(body),
  shell: (session) => session.start({ kind: 'shell' }),
  exec: (session, body) => {
    const command = new WireReader(body).string();
    if (command.length > maxCommandBytes || command.includes(0)) return false;
    return session.start({ kind: 'exec', command: command.toString('base64') });
  },
  subsystem: (session, body) => {
    const name = new WireReader(body).string();
    if (name.length === 0 || name.length > maxSubsystemBytes || name.includes(0)) return false;
    return session.start({ kind: 'subsystem', subsystem: name.toString('utf8') });
  },
  'window-change': (session, body) => session.resize(body),
  signal: (session, body) => session.signal(body),
  break: (session) => session.takeBreak(),
  'eow@openssh.com': (session) => session.closeOutput(),
};

function abandon(opening: Opening): void {
  if (opening.outcome !== 'started') return;
  closeEnds(opening.ends);
  opening.link.close();
}
