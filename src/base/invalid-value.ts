/**
 * Thrown by every parser of `src/base`: the text is not a value of the wanted kind.
 * The message is fit for the one who wrote the text (an admin's file or command line); foreign text in it is escaped.
 */
export class InvalidValueError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'InvalidValueError';
  }
}
