/**
 * Lets the first `burst` lines of each kind through per interval and counts the rest.
 * `onSuppressed` is told the counts when the next interval begins, so that noise is never dropped without a number.
 */
export class NoiseGate {
  readonly #burst: number;
  readonly #intervalMs: number;
  readonly #onSuppressed: (counts: Readonly<Record<string, number>>) => void;
  readonly #now: () => number;
  #seen = new Map<string, number>();
  #intervalStart: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    burst: number;
    intervalMs: number;
    onSuppressed: (counts: Readonly<Record<string, number>>) => void;
    now?: () => number;
  }) {
    this.#burst = options.burst;
    this.#intervalMs = options.intervalMs;
    this.#onSuppressed = options.onSuppressed;
    this.#now = options.now ?? (() => performance.now());
    this.#intervalStart = this.#now();
  }

  /** True when a line of this kind may be written now. `kind` is one of our names, never foreign text. */
  admits(kind: string): boolean {
    if (this.#now() - this.#intervalStart >= this.#intervalMs) this.flush();
    const count = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, count);
    if (count > this.#burst) this.#timer ??= setTimeout(() => this.flush(), this.#intervalMs).unref();
    return count <= this.#burst;
  }

  /** Reports what was held back so far and begins a new interval. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = [...this.#seen]
      .filter(([, count]) => count > this.#burst)
      .map(([kind, count]) => [kind, count - this.#burst] as const);
    this.#seen = new Map();
    this.#intervalStart = this.#now();
    if (held.length > 0) this.#onSuppressed(Object.fromEntries(held));
  }
}
