/** Growing pauses between restarts: doubles from `firstMs` to `lastMs`, falls back to `firstMs` after `calmMs` without a failure. */
export class BackOff {
  readonly #firstMs: number;
  readonly #lastMs: number;
  readonly #calmMs: number;
  readonly #now: () => number;
  #nextMs: number;
  #lastFailureMs = Number.NEGATIVE_INFINITY;

  constructor(options: { firstMs: number; lastMs: number; calmMs: number; now?: () => number }) {
    this.#firstMs = options.firstMs;
    this.#lastMs = options.lastMs;
    this.#calmMs = options.calmMs;
    this.#now = options.now ?? (() => performance.now());
    this.#nextMs = options.firstMs;
  }

  /** To be called at each failure; answers how long to wait before the next try. */
  next(): number {
    const now = this.#now();
    if (now - this.#lastFailureMs > this.#calmMs) this.#nextMs = this.#firstMs;
    this.#lastFailureMs = now;
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#lastMs);
    return delayMs;
  }
}
