import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildDoorDoc } from '../../src/privsep/door-doc.js';
import { projectRoot } from './stage.js';

/** `npm run docs:door`: writes docs/door.md from the request table. */
writeFileSync(path.join(projectRoot, 'docs', 'door.md'), buildDoorDoc());
