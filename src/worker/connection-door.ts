import { JaildError } from '../errors/jaild-error.js';
import { type SignedExchange, signExchangeBlocking } from '../privsep/door-blocking.js';
import { type Answered, DoorClient } from '../privsep/door-client.js';
import type { Question, RequestName } from '../privsep/request-table.js';

/** How long a question waits for a broker that is being restarted. */
const returnDeadlineMs = 5_000;
const resumeRetryMs = 1_000;

export interface ConnectionDoorEvents {
  /** Broker and admin want this connection to end. */
  terminate(text: string): void;
  /** The door is gone and cannot come back: before login, or the broker no longer knows the login. */
  lost(): void;
  /** A new door is wanted from the listener; asked again until it comes. */
  wanted(): void;
  /** The login stands on a new door; this is the cookie for the next KEXINIT. */
  resumed(cookie: Buffer): void;
}

/** How a login proves itself on a new door. */
interface ResumeProof {
  readonly connectionId: string;
  readonly secret: string;
}

/**
 * The door of one SSH connection. After login it outlasts a restart of the broker: it asks for a new door, proves the login there, and questions
 * that come meanwhile wait a few seconds for that.
 */
export class ConnectionDoor {
  readonly #events: ConnectionDoorEvents;
  readonly #waiting = new Set<() => void>();
  #client: DoorClient;
  #proof: ResumeProof | null = null;
  #retry: NodeJS.Timeout | undefined;
  #ended = false;

  /** Takes over `fd`. */
  constructor(fd: number, events: ConnectionDoorEvents) {
    this.#events = events;
    this.#client = this.#connect(fd);
  }

  /** Asks; throws JaildError as `DoorClient.ask` does. */
  async ask<N extends RequestName>(name: N, question: Question<N>, deadlineMs?: number): Promise<Answered<N>> {
    if (this.#client.isClosed && this.#proof !== null) await this.#untilReturned();
    return this.#client.ask(name, question, deadlineMs);
  }

  /** Asks for a signature while the whole process waits. */
  sign(parts: Question<'sign-exchange'>): SignedExchange {
    return signExchangeBlocking(this.#client, parts);
  }

  get isOpen(): boolean {
    return !this.#client.isClosed;
  }

  /** From now on a lost door is replaced instead of ending the connection. */
  setProof(proof: ResumeProof): void {
    this.#proof = proof;
  }

  /** Takes over a new door that the listener brought, and proves the login on it. */
  async adopt(fd: number): Promise<void> {
    const proof = this.#proof;
    const client = new DoorClient(fd);
    if (proof === null || this.#ended || !this.#client.isClosed) return client.close();
    try {
      const { answer } = await client.ask('resume', proof, returnDeadlineMs);
      if (this.#ended) return client.close();
      if (answer.outcome === 'refused') {
        client.close();
        return this.#events.lost();
      }
      clearInterval(this.#retry);
      this.#retry = undefined;
      this.#client = this.#listen(client);
      this.#events.resumed(Buffer.from(answer.nextCookie, 'base64'));
      for (const wake of [...this.#waiting]) wake();
    } catch {
      client.close(); // expected: the broker went away again; the retry timer asks for another door
    }
  }

  /** Says the last word and closes. */
  async end(reason: string, bytesIn: number, bytesOut: number): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#retry);
    try {
      if (!this.#client.isClosed)
        await this.#client.ask('end', { reason: reason.slice(0, 200), bytesIn, bytesOut }, returnDeadlineMs);
    } catch {
      // Expected: the door closed first; the broker counts that as an end too.
    }
    this.#client.close();
  }

  #connect(fd: number): DoorClient {
    return this.#listen(new DoorClient(fd));
  }

  #listen(client: DoorClient): DoorClient {
    client.on('terminate', (event) => this.#events.terminate(event.text));
    client.onClose(() => this.#onClosed());
    return client;
  }

  #onClosed(): void {
    if (this.#ended) return;
    if (this.#proof === null) {
      this.#events.lost();
      return;
    }
    this.#events.wanted();
    this.#retry ??= setInterval(() => this.#events.wanted(), resumeRetryMs);
  }

  #untilReturned(): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(new JaildError('door-closed', `the broker did not come back within ${returnDeadlineMs} ms`));
      }, returnDeadlineMs);
      this.#waiting.add(wake);
    });
  }
}
