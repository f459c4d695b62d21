/** Short progress lines with the time each step took. Everything goes to stderr: stdout belongs to the command. */

const started = process.hrtime.bigint();

/** Seconds since `from` (since the program's start when absent), with one decimal. */
export function secondsSince(from = started) {
  return (Number(process.hrtime.bigint() - from) / 1e9).toFixed(1);
}

/** Writes one line. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs `work` and writes how long it took; a step that had nothing to do says so by returning false. */
export async function step(title, work) {
  const from = process.hrtime.bigint();
  const done = await work();
  if (done !== false) {
    say(`  ${title} (${secondsSince(from)} s)`);
  }
}
