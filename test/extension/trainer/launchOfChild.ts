/** Starts test/extension/trainer/child.mjs in the trainer's place. */
import { fileURLToPath } from 'node:url';
import type { Launch } from '../../../src/extension/trainer/launch.js';

const script = fileURLToPath(new URL('child.mjs', import.meta.url));

export const launchOfChild: Launch = {
  executable: process.execPath,
  scripts: { main: script, cli: script },
  env: process.env,
  requireAllowed: () => undefined,
};
