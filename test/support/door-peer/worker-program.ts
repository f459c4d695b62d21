import { runWorker } from '../../../src/worker/main.js';

process.exit(await runWorker());
