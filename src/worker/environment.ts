const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Bounds of what one session may carry in; a login shell needs a handful. */
const limits = { variables: 64, valueBytes: 32 * 1024, totalBytes: 64 * 1024 } as const;

/**
 * Collects the variables that a client asks for before its session starts. Only names of the allow-list (with `*` as in sshd's
 * AcceptEnv) get in; the broker applies the list again. Values are bytes as they came.
 */
export class EnvironmentCapture {
  readonly #patterns: readonly RegExp[];
  readonly #variables = new Map<string, Buffer>();
  #bytes = 0;

  constructor(allowed: readonly string[]) {
    this.#patterns = allowed.map(
      (pattern) =>
        new RegExp(
          `^${pattern
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replace(/\*/g, '.*')
            .replace(/\?/g, '.')}$`,
        ),
    );
  }

  /** False when the variable is not taken. */
  add(nameBytes: Buffer, value: Buffer): boolean {
    const name = nameBytes.toString('latin1');
    if (!namePattern.test(name) || !this.#patterns.some((pattern) => pattern.test(name))) return false;
    if (value.length > limits.valueBytes || value.includes(0)) return false;
    const bytes = this.#bytes + name.length + value.length;
    if (bytes > limits.totalBytes || this.#variables.size >= limits.variables) return false;
    this.#variables.set(name, Buffer.from(value));
    this.#bytes = bytes;
    return true;
  }

  /** The variables as the door carries them. */
  toQuestion(): [string, string][] {
    return [...this.#variables].map(([name, value]) => [name, value.toString('base64')]);
  }
}
