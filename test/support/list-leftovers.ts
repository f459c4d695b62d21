/**
 * Lists what an instance left on this host: node dist/test/support/list-leftovers.js DIRECTORY, where DIRECTORY holds (or
 * held) its jaild.ini. Status 1 when there is something. For use by hand; suites call `leftovers` themselves.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { leftovers } from './invariants.js';

const directory = path.resolve(process.argv[2] ?? '.');
const config = path.join(directory, 'jaild.ini');
const text = existsSync(config) ? readFileSync(config, 'utf8') : '';
const number = (key: string) => Number(new RegExp(`^${key} = (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN); // NaN: no id matches

const found = await leftovers({
  directory,
  runDir: path.join(directory, 'run'),
  stateDir: path.join(directory, 'state'),
  slot: { firstBase: number('first_base'), lastBase: number('last_base') },
});
process.stdout.write(found.map((line) => `${line}\n`).join(''));
process.exitCode = found.length > 0 ? 1 : 0;
