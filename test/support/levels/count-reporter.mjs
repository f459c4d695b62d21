/** A node:test reporter: one JSON line per test (not per file, not per suite), for run-levels.mjs to count. */
import { basename } from 'node:path';

function outcomeOf(event) {
  const { skip, todo } = event.data;
  if (skip !== undefined || todo !== undefined) {
    return { outcome: 'skipped', reason: String(skip ?? todo) };
  }
  return { outcome: event.type === 'test:pass' ? 'passed' : 'failed' };
}

/** Node reports a file in which no test ran as a test named for the file. */
function isFileItself({ name, file }) {
  return file !== undefined && (name === file || basename(name) === basename(file));
}

export default async function* countReporter(source) {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') {
      continue;
    }
    const isSuite = event.data.details?.type === 'suite';
    const isFile = isFileItself(event.data);
    if (event.type === 'test:pass' ? isSuite || isFile : isSuite) {
      continue;
    }
    yield `${JSON.stringify({ name: event.data.name, ...outcomeOf(event) })}\n`;
  }
}
