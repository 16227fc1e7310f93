/**
 * Run as a process of its own: replaces the folder in argv[2], but says "half" in the middle and waits to be killed.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFolderAtomically } from '../../../src/trainer/checkpoint/store.js';

await writeFolderAtomically(process.argv[2]!, async (folder) => {
  await writeFile(join(folder, 'weights'), 'new');
  process.stdout.write('half');
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
});
