import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AbsolutePath, parseAbsolutePath } from './brands.js';

/** The directory that holds `dist/`, `native/build/`, `templates/` and `package.json`, installed or staged (this file is `dist/src/base/project-root.js`). */
export const projectRoot: AbsolutePath = parseAbsolutePath(
  resolve(dirname(fileURLToPath(import.meta.url)), '../../..'),
);
