import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { addon } from '../../../src/base/addon.js';
import { type Frame, maxFrameBytes } from '../../../src/privsep/frame.js';
import { FrameSocket } from '../../../src/privsep/frame-socket.js';
import { duplicate } from './duplicate.js';
import { hostKeyBlob, signExchange, verifyLogin } from './host-keys.js';
import { startHostSession } from './host-session.js';

/** The one password of every account. */
export const password = 'correct horse';

export interface PeerOptions {
  readonly maxTries?: number;
  readonly maxSessions?: number;
  readonly maxForwards?: number;
  readonly keepaliveMs?: number;
  readonly idleTimeMs?: number;
  readonly graceMs?: number;
  /** How long each decision about a credential takes. */
  readonly decisionMs?: number;
}

/**
 * Stands in for the broker on one door connection: says yes to the one password and to every Ed25519 key that proves itself, and runs
 * sessions on this host. Speaks the real frames; nothing of the product is replaced.
 */
export class PeerDoor {
  readonly #socket: FrameSocket;
  readonly #options: PeerOptions;
  readonly #connectionId: string;
  readonly questions: string[] = [];
  #sessionId: Buffer | null = null;

  constructor(fd: number, connectionId: string, options: PeerOptions) {
    this.#options = options;
    this.#connectionId = connectionId;
    this.#socket = new FrameSocket(fd, maxFrameBytes, {
      frame: (frame) => void this.#answer(frame),
      closed: () => undefined,
    });
  }

  /** Ends the door as a dying broker does. */
  close(): void {
    this.#socket.close();
  }

  async #answer({ message }: Frame): Promise<void> {
    const { request, id } = message;
    this.questions.push(String(request));
    const reply = (answer: object, fds: readonly number[] = []) => this.#socket.send({ id, ok: true, ...answer }, fds);
    const question = message as never;
    if (request === 'begin') reply(this.#begin());
    else if (request === 'sign-exchange') reply(this.#sign(question));
    else if (request === 'check-publickey' || request === 'check-password') {
      if (this.#options.decisionMs !== undefined)
        await new Promise((resolve) => setTimeout(resolve, this.#options.decisionMs));
      reply(request === 'check-publickey' ? this.#checkKey(question) : this.#checkPassword(question));
    } else if (request === 'open-session')
      reply({ outcome: 'opened', sessionId: `s${this.questions.length}` }, [startHostSession(question)]);
    else if (request === 'open-connection') this.#connect(question, reply);
    else if (request === 'open-listener') this.#listen(question, reply);
    else if (request === 'resume')
      reply({ outcome: 'resumed', account: 'alice', jail: 'alice', nextCookie: newCookie(), policy: this.#policy() });
    else reply({});
  }

  #begin(): object {
    const { maxTries = 6, keepaliveMs = 0, graceMs = 120_000 } = this.#options;
    return {
      connectionId: this.#connectionId,
      cookie: newCookie(),
      hostKeys: [{ type: 'ed25519', blob: hostKeyBlob.toString('base64') }],
      maxTries,
      graceDeadlineMs: graceMs,
      passwordAllowed: true,
      keepaliveMs,
      acceptEnvironment: ['LANG', 'LC_*'],
      ...this.#limits(),
    };
  }

  #limits() {
    const { maxSessions = 64, maxForwards = 64, idleTimeMs = 0 } = this.#options;
    return { maxSessions, maxForwards, idleTimeMs };
  }

  #policy(): object {
    return { terminal: true, forwarding: true, agentForwarding: false, ...this.#limits() };
  }

  #sign(question: Parameters<typeof signExchange>[0]): object {
    const { hash, signature } = signExchange(question);
    this.#sessionId ??= hash;
    return { hash: hash.toString('base64'), signature: signature.toString('base64'), nextCookie: newCookie() };
  }

  #checkKey(question: Parameters<typeof verifyLogin>[1]): object {
    if (question.algorithm !== 'ssh-ed25519') return rejected;
    if (question.signature === undefined) return { outcome: 'known' };
    return this.#sessionId !== null && verifyLogin(this.#sessionId, question)
      ? this.#accepted(question.user)
      : rejected;
  }

  #checkPassword(question: { user: string; password: string }): object {
    return Buffer.from(question.password, 'base64').toString() === password ? this.#accepted(question.user) : rejected;
  }

  #accepted(account: string): object {
    return { outcome: 'accepted', account, jail: account, resumeSecret: 'c2VjcmV0', policy: this.#policy() };
  }

  #connect(
    target: { kind: string; host?: string; port?: number; path?: string },
    reply: (answer: object, fds?: number[]) => void,
  ): void {
    const socket =
      target.kind === 'unix'
        ? connect({ path: target.path ?? '' })
        : connect({ host: target.host ?? '', port: target.port ?? 0 });
    socket.once('error', () => reply({ outcome: 'refused', reason: 'failed', text: 'refused' }));
    socket.once('connect', () => {
      // The descriptor goes to the worker; ours is closed, the connection lives on there.
      const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
      reply({ outcome: 'opened' }, [duplicate(fd)]);
      socket.destroy();
    });
  }

  #listen(
    target: { kind: string; port?: number; path?: string },
    reply: (answer: object, fds?: number[]) => void,
  ): void {
    try {
      if (target.kind === 'unix') reply({ outcome: 'opened' }, [addon.listenUnix(target.path ?? '', 'stream', 0o600)]);
      else {
        const { fd, port } = addon.listenTcp('127.0.0.1', target.port ?? 0, 16);
        reply({ outcome: 'opened', port }, [fd]);
      }
    } catch {
      reply({ outcome: 'refused', reason: 'failed', text: 'taken' }); // expected: EADDRINUSE
    }
  }
}

const rejected = { outcome: 'rejected', methods: ['publickey', 'password'], triesLeft: 5 };

function newCookie(): string {
  return randomBytes(16).toString('base64');
}
