import { countIncomplete } from './integrity.js';

// `node dist/test/support/door-peer/run-integrity.js ROUNDS`: six sessions a round; the status is 1 when a byte was missing.
const count = await countIncomplete(Number(process.argv[2] ?? 20));
console.log(`${count.runs} runs, ${count.incomplete.length} incomplete`);
for (const line of count.incomplete) console.log(line);
process.exitCode = count.incomplete.length === 0 ? 0 : 1;
