/** Waits until `probe` gives a value other than undefined or false. Fails, naming `what`, at the deadline. */
export async function until<Value>(
  what: string,
  deadlineMs: number,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${deadlineMs} ms`);
    }
    await pause(20);
  }
}

/** The step between two looks of a poll, and the time that an attack's own script asks for. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
