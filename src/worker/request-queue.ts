import { WireError } from './ssh2/wire.js';

/** Requests that may wait behind one that is not answered yet. */
const maxWaiting = 128;

/** The client asked for more while earlier requests were still open than anybody needs; the connection ends. */
export class TooManyRequests extends Error {}

/** What a request answers, when it wants an answer: success with the octets that follow, or failure. */
export type RequestVerdict = boolean | Buffer;

/**
 * Carries out requests one after another and answers each in the order of arrival, whether its decision comes at once or later
 * (RFC 4254 sections 4 and 5.4: answers are told apart by their order alone).
 */
export class RequestQueue {
  readonly #waiting: {
    run: () => RequestVerdict | Promise<RequestVerdict>;
    answer: (verdict: RequestVerdict) => void;
  }[] = [];
  #busy = false;
  #stopped = false;

  /** `run` decides; `answer` is called with its verdict, with false when it threw. */
  add(run: () => RequestVerdict | Promise<RequestVerdict>, answer: (verdict: RequestVerdict) => void): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= maxWaiting) throw new TooManyRequests();
    this.#waiting.push({ run, answer });
    this.#next();
  }

  /** Forgets what waits: nobody is left to be answered. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
  }

  #next(): void {
    while (!this.#busy && !this.#stopped) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      const verdict = decide(request.run);
      if (!(verdict instanceof Promise)) {
        request.answer(verdict);
        continue;
      }
      this.#busy = true;
      void verdict
        .catch(() => false) // expected: the door closed; the one who asked has logged it
        .then((settled) => {
          this.#busy = false;
          if (!this.#stopped) request.answer(settled);
          this.#next();
        });
    }
  }
}

/** A request that waited was taken off the wire long ago: when its body turns out to be malformed it just fails. */
function decide(run: () => RequestVerdict | Promise<RequestVerdict>): RequestVerdict | Promise<RequestVerdict> {
  try {
    return run();
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}
