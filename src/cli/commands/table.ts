import type { Command } from '../command.js';
import { completion } from './completion.js';

/** Every verb, in the order of the help. */
export const commandTable: readonly Command[] = [completion];
