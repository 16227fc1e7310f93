#!/usr/bin/env node
/** Entry of the command `vitune`. */
import { runCommandLine } from './run.js';
import { setLanguage } from '../core/language.js';

await setLanguage();
process.exitCode = await runCommandLine(process.argv.slice(2));
