#!/usr/bin/env node
import { runCommandLine } from '../cli/main.js';

process.exitCode = await runCommandLine(process.argv.slice(2));
