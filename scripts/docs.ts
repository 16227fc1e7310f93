/**
 * Writes what follows from descriptors: the reference pages in docs/, and the image endings in package.json. It runs as
 * `npm run docs`; tests check that its files are current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsPage } from '../src/trainer/commandLine/help.js';
import { configPage } from '../src/trainer/config/configPage.js';
import { root } from './ensure-installed.mjs';
import { withImageEndings } from './imageEndings.js';

const pages = { 'commands.md': commandsPage(), 'config.md': configPage() };

for (const [name, text] of Object.entries(pages)) writeFileSync(join(root, 'docs', name), text);

const manifest = join(root, 'package.json');
writeFileSync(manifest, withImageEndings(readFileSync(manifest, 'utf8')));
