/** Writes the reference pages that follow from descriptors: `npm run docs`. Tests check that they are current. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsPage } from '../src/trainer/commandLine/help.js';
import { configPage } from '../src/trainer/config/configPage.js';
import { root } from './ensure-installed.mjs';

const pages = { 'commands.md': commandsPage(), 'config.md': configPage() };

for (const [name, text] of Object.entries(pages)) writeFileSync(join(root, 'docs', name), text);
