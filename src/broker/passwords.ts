import { randomBytes, timingSafeEqual } from 'node:crypto';
import { addon } from '../base/addon.js';
import { monotonicMs, pause } from '../base/deadline.js';
import type { Config } from '../config/schema.js';
import { JaildError } from '../errors/jaild-error.js';
import { maxPasswordBytes } from '../privsep/shapes/values.js';
import { estimateHashCost } from './hash-cost.js';

/** crypt(5) prefixes of the kinds that new passwords can have. */
const prefixes: Readonly<Record<Config['auth']['passwordHash'], string>> = {
  yescrypt: '$y$',
  sha512: '$6$',
  bcrypt: '$2b$',
};

/** Hashes run on libuv's pool, which file reads and signatures share: never more than this at one time. */
const maxAtOnce = 2;
const maxWaiting = 128;

/** `busy`: too many checks wait already; nothing was checked. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy';

/**
 * Checks passwords through crypt(3), all kinds that libcrypt knows. Memory and number of checks at one time are bounded. A wrong password,
 * an account without password and an unknown account take the same work: one hash of the kind that new passwords get.
 */
export class PasswordChecker {
  readonly #auth: Config['auth'];
  readonly #dummy: string;
  readonly #dummyMs: number;
  readonly #slots: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  private constructor(auth: Config['auth'], dummy: string, dummyMs: number) {
    this.#auth = auth;
    this.#dummy = dummy;
    this.#dummyMs = dummyMs;
    const { memoryBytes } = estimateHashCost(dummy);
    this.#slots = Math.max(1, Math.min(maxAtOnce, Math.floor(auth.hashMemoryBytes / memoryBytes)));
  }

  /** Makes the hash that stands in for accounts that have none, and measures it. */
  static async create(auth: Config['auth']): Promise<PasswordChecker> {
    const secret = randomBytes(16).toString('hex');
    const begun = monotonicMs();
    const dummy = await hashPassword(Buffer.from(secret), auth.passwordHash);
    return new PasswordChecker(auth, dummy, monotonicMs() - begun);
  }

  /**
   * Judges `secret` against the account's hash; undefined: there is none, and the work is done all the same. Passwords above 1 KiB are
   * wrong before any work (CVE-2016-6515), for everybody.
   */
  async check(secret: Buffer, hash: string | undefined): Promise<PasswordVerdict> {
    if (secret.length > maxPasswordBytes) return 'wrong';
    if (this.#waiting.length >= maxWaiting) return 'busy';
    const begun = monotonicMs();
    const isRight = await this.#inTurn(() => this.#compare(secret, hash));
    if (isRight) return 'right';
    await this.#evenOut(begun);
    return 'wrong';
  }

  async #compare(secret: Buffer, hash: string | undefined): Promise<boolean> {
    const usable = hash !== undefined && this.#isAffordable(hash) ? hash : undefined;
    const isOwnKind = usable !== undefined && sameSetting(usable, this.#dummy);
    // An imported hash of another kind is work on top of the usual work, so that its kind does not show by being faster.
    if (!isOwnKind) await addon.crypt(secret, this.#dummy);
    return usable !== undefined && (await matches(secret, usable));
  }

  #isAffordable(hash: string): boolean {
    const { memoryBytes, timeMs } = estimateHashCost(hash);
    return memoryBytes <= this.#auth.hashMemoryBytes && timeMs <= this.#auth.maxHashCostMs;
  }

  /** Wrong passwords are answered on a grid of time: what is left of a difference drowns in it. */
  async #evenOut(begunMs: number): Promise<void> {
    const grid = Math.max(20, this.#dummyMs * 1.5);
    const endMs = begunMs + Math.ceil((monotonicMs() - begunMs) / grid) * grid;
    // A timer counts from when the event loop last looked at the clock, and may come early after a busy turn.
    for (let leftMs = endMs - monotonicMs(); leftMs > 0; leftMs = endMs - monotonicMs()) await pause(leftMs);
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#slots) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next(); // the slot is handed on
    }
  }
}

/** A new crypt(3) string. Faults: `usage` for a password that no one could log in with (empty, a NUL, above 512 octets). */
export async function hashPassword(secret: Buffer, kind: Config['auth']['passwordHash']): Promise<string> {
  const hash = secret.length === 0 ? null : await addon.crypt(secret, addon.cryptGensalt(prefixes[kind], 0));
  if (hash === null) throw new JaildError('usage', 'a password must have 1 to 512 octets and no NUL');
  return hash;
}

async function matches(secret: Buffer, hash: string): Promise<boolean> {
  const result = await addon.crypt(secret, hash);
  if (result === null) return false;
  const [left, right] = [Buffer.from(result), Buffer.from(hash)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Same kind and same cost. */
function sameSetting(left: string, right: string): boolean {
  const [leftCost, rightCost] = [estimateHashCost(left), estimateHashCost(right)];
  const isSameKind = left.split('$')[1] === right.split('$')[1];
  return isSameKind && leftCost.memoryBytes === rightCost.memoryBytes && leftCost.timeMs === rightCost.timeMs;
}
