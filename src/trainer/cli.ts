#!/usr/bin/env node
/** Entry of the command `vitune`. */
import { runCommandLine } from './commandLine/run.js';
import { setLanguage } from './language.js';

await setLanguage();
process.exitCode = await runCommandLine(process.argv.slice(2));
