/** Proves one correction; throws when it does not hold. */
export interface SelfCheck {
  readonly name: string;
  run(): void | Promise<void>;
}
