/** The text goes to the admin; callers wrap it into their own fault. */
export class DeadlineError extends Error {
  constructor(what: string, limitMs: number) {
    super(`${what} did not happen within ${limitMs} ms`);
    this.name = 'DeadlineError';
  }
}

/** Monotonic milliseconds: deadlines must not move when the host's clock is set. */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * Waits for `work` at most `limitMs`; then rejects with a DeadlineError that names `what`.
 * `work` itself goes on: pass it a signal (`deadlineSignal`) when it can be stopped.
 */
export async function withDeadline<Value>(work: Promise<Value>, limitMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after `delayMs`, at once when `signal` aborts; never rejects. Its timer keeps the process alive. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener('abort', done);
  });
}
