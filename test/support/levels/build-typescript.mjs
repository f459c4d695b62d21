/** `npm run build:ts`: what the launcher does, without installing anything. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTypescript } from '../launcher/build.mjs';
import { say } from '../launcher/progress.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
await buildTypescript(root).catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
