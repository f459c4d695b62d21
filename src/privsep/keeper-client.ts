import { constants } from 'node:os';
import { addon } from '../base/addon.js';
import { isJaildError, type JaildError } from '../errors/jaild-error.js';
import type { Field, FieldsReader } from './fields.js';
import { FieldsClient } from './fields-client.js';

/** How a process ended, as its parent saw it. */
export interface ProcessEnd {
  readonly code?: number;
  readonly signal?: string;
}

export interface StartWorkerQuestion {
  readonly uid: number;
  readonly gid: number;
  /** The node binary. */
  readonly program: string;
  /** argv[1] and up. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the worker's root holds, read-only: host path → path inside. */
  readonly binds: readonly { readonly source: string; readonly target: string }[];
  readonly hostname?: string;
}

export interface KeeperEvents {
  workerExited(pid: number, end: ProcessEnd): void;
  closed(fault: JaildError | null): void;
}

export type StartJailOutcome =
  | { readonly outcome: 'started'; readonly initPid: number; readonly keeperPid: number }
  | { readonly outcome: 'already-running' };

/** Client of the host keeper (keeper.sock): starts workers and jails. Faults: `keeper-failed`, `keeper-unreachable`. */
export class KeeperClient {
  readonly #client: FieldsClient;

  private constructor(fd: number, events: KeeperEvents) {
    this.#client = new FieldsClient(fd, 'the keeper', {
      closed: (fault) => events.closed(fault),
      event: (name, fields) => {
        if (name === 'worker-exited') events.workerExited(fields.requireNumber('pid'), readProcessEnd(fields));
      },
    });
  }

  /** Connects to the socket at `path`; throws the errno of connect(2) (ENOENT, ECONNREFUSED) when no keeper is there. */
  static connect(path: string, events: KeeperEvents): KeeperClient {
    return new KeeperClient(addon.connectUnix(path, 'seqpacket'), events);
  }

  get isClosed(): boolean {
    return this.#client.isClosed;
  }

  /** Starts a worker process. Takes over both descriptors: `control` becomes its fd 3, `log` its 1 and 2. */
  async startWorker(question: StartWorkerQuestion, control: number, log: number): Promise<{ pid: number }> {
    const fields: Field[] = [
      ['uid', question.uid],
      ['gid', question.gid],
      ['program', question.program],
      ...question.argv.map((value): Field => ['argv', value]),
      ...Object.entries(question.env).map(([name, value]): Field => ['env', `${name}=${value}`]),
      ...question.binds.map(({ source, target }): Field => ['bind', [source, target]]),
    ];
    if (question.hostname !== undefined) fields.push(['hostname', question.hostname]);
    const reply = await this.#client.ask('start-worker', fields, { fds: [control, log], deadlineMs: 10_000 });
    return { pid: reply.fields.requireNumber('pid') };
  }

  /** Starts the jail that `spec` (an encoded fields message) describes. */
  async startJail(jail: string, spec: Buffer, deadlineMs: number): Promise<StartJailOutcome> {
    const fd = addon.memfd(`spec-${jail}`, spec);
    try {
      const { fields } = await this.#client.ask('start-jail', [['jail', jail]], { fds: [fd], deadlineMs });
      return {
        outcome: 'started',
        initPid: fields.requireNumber('pid'),
        keeperPid: fields.requireNumber('keeper-pid'),
      };
    } catch (fault) {
      // Expected: the lock is held, so the jail runs already; everything else is the caller's.
      if (isBusyLock(fault)) return { outcome: 'already-running' };
      throw fault;
    }
  }

  async status(): Promise<{ workers: number; jails: number; version: string }> {
    const { fields } = await this.#client.ask('status', [], { deadlineMs: 5_000 });
    return {
      workers: fields.requireNumber('workers'),
      jails: fields.requireNumber('jails'),
      version: fields.requireText('version'),
    };
  }

  close(): void {
    this.#client.close();
  }
}

function isBusyLock(fault: unknown): boolean {
  return (
    isJaildError(fault, 'keeper-failed') &&
    fault.fields['stage'] === 'lock' &&
    fault.fields['errno'] === constants.errno.EBUSY
  );
}

/** Reads `code` or `signal` of an event about an ended process. */
export function readProcessEnd(fields: FieldsReader): ProcessEnd {
  const code = fields.number('code');
  const signal = fields.text('signal');
  return { ...(code === undefined ? {} : { code }), ...(signal === undefined ? {} : { signal }) };
}
